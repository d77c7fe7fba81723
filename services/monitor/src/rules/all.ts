import { readSettings, type SettingsOf, type SettingsTable } from "../domain/settings.ts";
import { adminLargeGrant } from "./admin-large-grant.ts";
import { balanceDifference, viewLag } from "./consistency.ts";
import { eventGap } from "./event-gap.ts";
import { frequentRefunds } from "./frequent-refunds.ts";
import { largeChange } from "./large-change.ts";
import { membershipExpiring } from "./membership-expiring.ts";
import { refusedAttempts } from "./refused-attempts.ts";
import { type ActiveRule, activate, type commonSettings, type RuleSpec } from "./rule.ts";

/** Settings of the rules that are judged by jobs, not by events. */
export interface JobRules {
  readonly eventGap: SettingsOf<typeof eventGap.settings>;
  readonly balanceDifference: SettingsOf<typeof balanceDifference.settings>;
  readonly viewLag: SettingsOf<typeof viewLag.settings>;
}

/** Every rule with its settings filled in. */
export interface RuleBook {
  /** Rules that look at each event; only those that are enabled. */
  readonly active: readonly ActiveRule[];
  readonly jobs: JobRules;
  /** The widest window of all, in milliseconds: how long observations matter. */
  readonly longestWindowMs: number;
}

export interface RuleBookReading {
  readonly book: RuleBook;
  readonly mistakes: readonly string[];
}

/** @param given the map `rules` of the settings file: rule name → settings. */
export function readRuleBook(given: unknown): RuleBookReading {
  const mistakes: string[] = [];
  const known = new Set<string>();
  const map =
    typeof given === "object" && given !== null && !Array.isArray(given) ? (given as Record<string, unknown>) : {};
  if (given !== undefined && given !== null && map !== given) mistakes.push("rules must be a map of rules");

  const read = <T extends SettingsTable>(rule: RuleSpec<T>): SettingsOf<T> => {
    known.add(rule.name);
    const reading = readSettings(
      rule.settings,
      Object.hasOwn(map, rule.name) ? map[rule.name] : undefined,
      `rules.${rule.name}`,
    );
    mistakes.push(...reading.mistakes);
    return reading.values;
  };
  const active: ActiveRule[] = [];
  const use = <T extends SettingsTable>(rule: RuleSpec<typeof commonSettings & T>): void => {
    const settings = read(rule);
    if ((settings as SettingsOf<typeof commonSettings>).enabled) active.push(activate(rule, settings));
  };

  use(largeChange);
  use(frequentRefunds);
  use(membershipExpiring);
  use(adminLargeGrant);
  use(refusedAttempts);
  const jobs = { eventGap: read(eventGap), balanceDifference: read(balanceDifference), viewLag: read(viewLag) };

  for (const name of Object.keys(map)) {
    if (!known.has(name)) mistakes.push(`rules.${name} is not known; there are ${[...known].join(", ")}`);
  }
  const longestWindowMs = Math.max(0, ...active.map((rule) => rule.limit?.windowMs ?? 0));
  return { book: { active, jobs, longestWindowMs }, mistakes };
}
