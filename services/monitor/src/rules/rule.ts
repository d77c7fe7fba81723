import { type Family, type Finding, fingerprintOf, type Recovery } from "../domain/alerts.ts";
import type { MonitorEvent } from "../domain/events.ts";
import type { MemberFacts } from "../domain/member-facts.ts";
import { type SettingsOf, type SettingsTable, toggle, whole } from "../domain/settings.ts";
import type {
  Crowd,
  EventContext,
  FindingSignal,
  Inspect,
  InspectContext,
  Inspection,
  MemberFinding,
  Peak,
  Signal,
  TallyLimit,
  TallyPeak,
  TallySignal,
  Verdict,
  WindowLimit,
} from "./signal.ts";

/** Every rule has these. */
export const commonSettings = {
  enabled: toggle(true, "false: the rule is off"),
  recoverAfterMinutes: whole(
    0,
    0,
    525_600,
    "the alert is over by itself after so long without a new sign; 0: never by time",
  ),
};

/** The default of rules about things that happened: a day without another one, and it is over. */
export const overAfterADay = {
  recoverAfterMinutes: whole(1_440, 0, 525_600, "over by itself after so long without a new sign; 0: never by time"),
};

/** What the steps before an event add up to. */
export interface History {
  readonly events: number;
  readonly amount: number;
}

/** Pure: what it needs to know of the past is in the counts, in the facts, or in the event. */
export interface RuleSpec<T extends SettingsTable> {
  /** snake_case; stands in alerts, in the settings file and in fingerprints. */
  readonly name: string;
  readonly family: Family;
  readonly about: string;
  readonly settings: T;
  readonly observe?: (event: MonitorEvent, settings: SettingsOf<T>, context: EventContext) => readonly Signal[];
  /** Of observations. */
  readonly limit?: (settings: SettingsOf<T>) => WindowLimit;
  readonly judge?: (peak: Peak, settings: SettingsOf<T>) => Verdict;
  /** Of tallies. */
  readonly tally?: (settings: SettingsOf<T>) => TallyLimit;
  /** What is marked together with so many others' does not count; of rules that judge only steps that are over. */
  readonly crowd?: (settings: SettingsOf<T>) => Crowd;
  /** null: harmless after all. */
  readonly judgeTally?: (peak: TallyPeak, settings: SettingsOf<T>) => Verdict | null;
  /** Holds one event against what was before its step; null: nothing unusual. */
  readonly weigh?: (size: number, before: History, settings: SettingsOf<T>) => Omit<Verdict, "userId"> | null;
  /** Of values: how long after the first one all others are learned without a word. */
  readonly learnMs?: (settings: SettingsOf<T>) => number;
  /** Of expectations: how long the explanation may take. */
  readonly patienceMs?: (settings: SettingsOf<T>) => number;
  /** Looks at a member whenever something of it has changed or fallen due. */
  readonly inspect?: Inspect<SettingsOf<T>>;
}

type Common = typeof commonSettings;

/** A rule together with the settings every rule has; its own defaults win. */
export function defineRule<T extends SettingsTable>(
  spec: Omit<RuleSpec<Common & T>, "settings"> & { readonly settings: T },
): RuleSpec<Common & T> {
  return { ...spec, settings: { ...commonSettings, ...spec.settings } };
}

/** A rule with its settings filled in. */
export interface ActiveRule {
  readonly name: string;
  readonly family: Family;
  readonly limit: WindowLimit | null;
  readonly tally: TallyLimit | null;
  readonly crowd: Crowd | null;
  readonly learnMs: number;
  readonly patienceMs: number;
  readonly observes: boolean;
  readonly inspects: boolean;
  /** How long after the last sign an alert is over by itself; null: not by time. */
  readonly recoverAfterMs: number | null;
  observe(event: MonitorEvent, context: EventContext): readonly Signal[];
  inspect(facts: MemberFacts, context: InspectContext): Inspection;
  /** A full window as a finding. */
  judge(peak: Peak): Finding;
  judgeTally(peak: TallyPeak): Finding | null;
  /** null: nothing unusual. */
  weigh(signal: TallySignal, before: History, at: Date): Finding | null;
  /** What happened once, as a finding. */
  finding(signal: Omit<FindingSignal, "kind">, at: Date): Finding;
  memberFinding(found: MemberFinding, userId: string): Finding;
  recovery(subject: string, at: Date): Recovery;
}

const NOTHING: Inspection = { findings: [], well: [], lookAt: null };

export function activate<T extends SettingsTable>(
  rule: RuleSpec<Common & T>,
  settings: SettingsOf<Common & T>,
): ActiveRule {
  const after = (settings as SettingsOf<Common>).recoverAfterMinutes;
  const common = { rule: rule.name, family: rule.family, recoverAfterMs: after === 0 ? null : after * 60_000 };
  const found = (
    subject: string,
    verdict: Verdict,
    at: Pick<Finding, "firstAt" | "lastAt" | "countMode" | "count">,
  ) => ({
    ...common,
    fingerprint: fingerprintOf(rule.name, subject),
    ...verdict,
    ...at,
  });
  const atOnce = (at: Date) => ({ firstAt: at, lastAt: at, countMode: "add" as const, count: 1 });
  const full = (peak: Peak, count: number) => ({
    firstAt: peak.firstAt,
    lastAt: peak.lastAt,
    countMode: "peak" as const,
    count,
  });
  return {
    name: rule.name,
    family: rule.family,
    limit: rule.limit?.(settings) ?? null,
    tally: rule.tally?.(settings) ?? null,
    crowd: rule.crowd?.(settings) ?? null,
    learnMs: rule.learnMs?.(settings) ?? 0,
    patienceMs: rule.patienceMs?.(settings) ?? 0,
    observes: rule.observe !== undefined,
    inspects: rule.inspect !== undefined,
    recoverAfterMs: common.recoverAfterMs,
    observe: (event, context) => rule.observe?.(event, settings, context) ?? [],
    inspect: (facts, context) => rule.inspect?.(facts, context, settings) ?? NOTHING,
    judge: (peak) => {
      if (rule.judge === undefined) throw new Error(`rule ${rule.name} counts, but does not judge`);
      return found(peak.subject, rule.judge(peak, settings), full(peak, peak.events));
    },
    judgeTally: (peak) => {
      const verdict = rule.judgeTally?.(peak, settings) ?? null;
      return verdict === null ? null : found(peak.subject, verdict, full(peak, Math.max(peak.members, peak.events)));
    },
    weigh: ({ subject, weigh }, before, at) => {
      const verdict = weigh === undefined ? null : (rule.weigh?.(weigh.size, before, settings) ?? null);
      if (weigh === undefined || verdict === null) return null;
      const { severity, evidence } = verdict;
      return found(
        subject,
        { severity, userId: weigh.userId, evidence: { ...weigh.evidence, ...evidence } },
        atOnce(at),
      );
    },
    finding: ({ subject, userId, severity, evidence, tellAgain }, at) => ({
      ...found(subject, { userId, severity, evidence }, atOnce(at)),
      tellAgain: tellAgain === true,
    }),
    memberFinding: ({ subject, severity, at, evidence }, userId) =>
      // Looking again finds the same thing, not another one.
      found(subject, { userId, severity, evidence }, { firstAt: at, lastAt: at, countMode: "peak", count: 1 }),
    recovery: (subject, at) => ({ fingerprint: fingerprintOf(rule.name, subject), at }),
  };
}
