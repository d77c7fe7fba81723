import { type Evidence, type Finding, fingerprintOf, type Severity } from "../domain/alerts.ts";
import type { SettingsOf, SettingsTable } from "../domain/settings.ts";
import type { commonSettings, RuleSpec } from "./rule.ts";

/** What a look at the machinery found about one subject. */
export interface Sign {
  readonly subject: string;
  readonly bad: boolean;
  /** What is compared with the last look: messages behind, seconds, letters. */
  readonly value: number;
  readonly severity: Severity;
  readonly evidence: Evidence;
}

type Common = SettingsOf<typeof commonSettings>;

/** What is wrong now, as a finding; it lasts until a look finds it well. */
export function signFinding<T extends SettingsTable>(
  rule: RuleSpec<typeof commonSettings & T>,
  sign: Sign,
  since: Date,
  now: Date,
  settings: Common,
  tellAgain = false,
): Finding {
  const after = settings.recoverAfterMinutes;
  return {
    rule: rule.name,
    family: rule.family,
    fingerprint: fingerprintOf(rule.name, sign.subject),
    severity: sign.severity,
    userId: null,
    firstAt: since,
    lastAt: now,
    countMode: "peak",
    count: Math.max(1, sign.value),
    evidence: { ...sign.evidence, since: since.toISOString() },
    recoverAfterMs: after === 0 ? null : after * 60_000,
    tellAgain,
  };
}
