import {
  type Evidence,
  type Family,
  type Finding,
  fingerprintOf,
  type Recovery,
  type Severity,
} from "../domain/alerts.ts";
import type { MonitorEvent } from "../domain/events.ts";
import { type SettingsOf, type SettingsTable, toggle, whole } from "../domain/settings.ts";

/** What a rule makes of one event. */
export type Signal =
  /** Something is wrong. */
  | {
      readonly kind: "finding";
      readonly subject: string;
      readonly userId: string | null;
      readonly severity: Severity;
      readonly evidence: Evidence;
    }
  /** To be counted in the rule's window of this subject. */
  | { readonly kind: "observation"; readonly subject: string; readonly amount: number }
  /** What was wrong with this subject is so no longer. */
  | { readonly kind: "recovery"; readonly subject: string };

/** A sliding window of event time, (t − windowMs, t]. */
export interface WindowLimit {
  readonly windowMs: number;
  readonly minEvents: number;
  readonly minAmount: number;
}

/** The windows of one subject that reached the limit. */
export interface Peak {
  readonly subject: string;
  /** Ends of the first and the last of them. */
  readonly firstAt: Date;
  readonly lastAt: Date;
  /** Of the fullest. */
  readonly events: number;
  readonly amount: number;
}

export interface Verdict {
  readonly userId: string | null;
  readonly severity: Severity;
  readonly evidence: Evidence;
}

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

/** Pure: what it needs to know of the past is in the window counts or in the event. */
export interface RuleSpec<T extends SettingsTable> {
  /** snake_case; stands in alerts, in the settings file and in fingerprints. */
  readonly name: string;
  readonly family: Family;
  readonly about: string;
  readonly settings: T;
  readonly observe?: (event: MonitorEvent, settings: SettingsOf<T>) => readonly Signal[];
  readonly limit?: (settings: SettingsOf<T>) => WindowLimit;
  readonly judge?: (peak: Peak, settings: SettingsOf<T>) => Verdict;
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
  /** How long after the last sign an alert is over by itself; null: not by time. */
  readonly recoverAfterMs: number | null;
  observe(event: MonitorEvent): readonly Signal[];
  /** A signal of `observe` as a finding. */
  finding(signal: Extract<Signal, { kind: "finding" }>, at: Date): Finding;
  recovery(signal: Extract<Signal, { kind: "recovery" }>, at: Date): Recovery;
  /** A full window as a finding. */
  judge(peak: Peak): Finding;
}

export function activate<T extends SettingsTable>(
  rule: RuleSpec<Common & T>,
  settings: SettingsOf<Common & T>,
): ActiveRule {
  const after = (settings as SettingsOf<Common>).recoverAfterMinutes;
  const common = { rule: rule.name, family: rule.family, recoverAfterMs: after === 0 ? null : after * 60_000 };
  return {
    name: rule.name,
    family: rule.family,
    limit: rule.limit?.(settings) ?? null,
    recoverAfterMs: common.recoverAfterMs,
    observe: (event) => rule.observe?.(event, settings) ?? [],
    finding: (signal, at) => ({
      ...common,
      fingerprint: fingerprintOf(rule.name, signal.subject),
      severity: signal.severity,
      userId: signal.userId,
      firstAt: at,
      lastAt: at,
      countMode: "add",
      count: 1,
      evidence: signal.evidence,
    }),
    recovery: (signal, at) => ({ fingerprint: fingerprintOf(rule.name, signal.subject), at }),
    judge: (peak) => {
      if (rule.judge === undefined) throw new Error(`rule ${rule.name} counts, but does not judge`);
      const { userId, severity, evidence } = rule.judge(peak, settings);
      return {
        ...common,
        fingerprint: fingerprintOf(rule.name, peak.subject),
        severity,
        userId,
        firstAt: peak.firstAt,
        lastAt: peak.lastAt,
        countMode: "peak",
        count: peak.events,
        evidence,
      };
    },
  };
}
