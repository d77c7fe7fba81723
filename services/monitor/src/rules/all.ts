import { readSettings, type SettingsOf, type SettingsTable } from "../domain/settings.ts";
import { adminBurst } from "./admin-burst.ts";
import { adminLargeGrant } from "./admin-large-grant.ts";
import { adminNewOrigin } from "./admin-new-origin.ts";
import { adminOddHours } from "./admin-odd-hours.ts";
import { adminRepeatedGrants } from "./admin-repeated-grants.ts";
import { adminSelfGrant } from "./admin-self-grant.ts";
import { auditChain } from "./audit-chain.ts";
import { balanceDifference } from "./balance-difference.ts";
import { consumerLag } from "./consumer-lag.ts";
import { dlqNotEmpty } from "./dlq-not-empty.ts";
import { eventGap } from "./event-gap.ts";
import { frequentRefunds } from "./frequent-refunds.ts";
import { frozenAttempts } from "./frozen-attempts.ts";
import { largeChange } from "./large-change.ts";
import { membershipExpiring } from "./membership-expiring.ts";
import { membershipOverdue } from "./membership-overdue.ts";
import { outboxAge } from "./outbox-age.ts";
import { periodWithoutAllowance } from "./period-without-allowance.ts";
import { refundRing } from "./refund-ring.ts";
import { refundShare } from "./refund-share.ts";
import { refusedAttempts } from "./refused-attempts.ts";
import { resetMissed } from "./reset-missed.ts";
import { resetWrong } from "./reset-wrong.ts";
import { type ActiveRule, activate, type commonSettings, type RuleSpec } from "./rule.ts";
import { spendingBurst } from "./spending-burst.ts";
import { unexplainedGrowth } from "./unexplained-growth.ts";
import { unusualChange } from "./unusual-change.ts";
import { viewLag } from "./view-lag.ts";
import { yearlyMonthSkipped } from "./yearly-month-skipped.ts";

/** Settings of the rules that are judged by jobs, not by events. */
export interface JobRules {
  readonly eventGap: SettingsOf<typeof eventGap.settings>;
  readonly balanceDifference: SettingsOf<typeof balanceDifference.settings>;
  readonly viewLag: SettingsOf<typeof viewLag.settings>;
  readonly consumerLag: SettingsOf<typeof consumerLag.settings>;
  readonly outboxAge: SettingsOf<typeof outboxAge.settings>;
  readonly dlqNotEmpty: SettingsOf<typeof dlqNotEmpty.settings>;
  readonly auditChain: SettingsOf<typeof auditChain.settings>;
}

/** Every rule with its settings filled in. */
export interface RuleBook {
  /** Rules that look at events or members; only those that are enabled. */
  readonly active: readonly ActiveRule[];
  readonly byName: ReadonlyMap<string, ActiveRule>;
  /** Names of those that look at each event, and of those that look at members. */
  readonly onEvents: readonly string[];
  readonly onMembers: readonly string[];
  /** Of those that look at each comparison of an account's books. */
  readonly onAccounts: readonly string[];
  readonly jobs: JobRules;
  /** The widest window of observations, in milliseconds: how long they matter. */
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

  use(membershipExpiring);
  use(membershipOverdue);
  use(resetMissed);
  use(resetWrong);
  use(yearlyMonthSkipped);
  use(periodWithoutAllowance);
  use(largeChange);
  use(unusualChange);
  use(frequentRefunds);
  use(refundShare);
  use(refundRing);
  use(spendingBurst);
  use(frozenAttempts);
  use(unexplainedGrowth);
  use(adminBurst);
  use(adminOddHours);
  use(adminLargeGrant);
  use(adminRepeatedGrants);
  use(adminSelfGrant);
  use(adminNewOrigin);
  use(refusedAttempts);
  const jobs = {
    eventGap: read(eventGap),
    balanceDifference: read(balanceDifference),
    viewLag: read(viewLag),
    consumerLag: read(consumerLag),
    outboxAge: read(outboxAge),
    dlqNotEmpty: read(dlqNotEmpty),
    auditChain: read(auditChain),
  };

  for (const name of Object.keys(map)) {
    if (!known.has(name)) mistakes.push(`rules.${name} is not known; there are ${[...known].join(", ")}`);
  }
  const longestWindowMs = Math.max(0, ...active.map((rule) => rule.limit?.windowMs ?? 0));
  const names = (wanted: (rule: ActiveRule) => boolean) => active.filter(wanted).map(({ name }) => name);
  return {
    book: {
      active,
      byName: new Map(active.map((rule) => [rule.name, rule])),
      onEvents: names(({ observes }) => observes),
      onMembers: names(({ inspects }) => inspects),
      onAccounts: [
        ...(jobs.balanceDifference.enabled ? [balanceDifference.name] : []),
        ...(jobs.viewLag.enabled ? [viewLag.name] : []),
      ],
      jobs,
      longestWindowMs,
    },
    mistakes,
  };
}
