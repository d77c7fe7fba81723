import { type Finding, fingerprintOf } from "../domain/alerts.ts";
import { type SettingsOf, toggle, whole } from "../domain/settings.ts";
import { missingCount, type Range } from "../domain/versions.ts";
import { defineRule } from "./rule.ts";

/** Versions of an account that never came: an event was lost between credits and here. */
export const eventGap = defineRule({
  name: "event_gap",
  family: "machinery",
  about: "Versions of an account are missing for longer than `graceSeconds`. Over when they arrive.",
  settings: {
    graceSeconds: whole(60, 0, 86_400, "how long a late event may take"),
    expectFirst: toggle(false, "true: the first version of an account must be 1, not whatever came first"),
  },
});

export interface Gap {
  readonly userId: string;
  readonly version: number;
  readonly missing: readonly Range[];
  readonly since: Date;
}

export function judgeGap(gap: Gap, settings: SettingsOf<typeof eventGap.settings>): Finding {
  const after = settings.recoverAfterMinutes;
  return {
    rule: eventGap.name,
    family: eventGap.family,
    fingerprint: fingerprintOf(eventGap.name, gap.userId),
    severity: "critical",
    userId: gap.userId,
    firstAt: gap.since,
    lastAt: gap.since,
    countMode: "peak",
    count: missingCount(gap.missing),
    evidence: { missing: gap.missing, highestVersion: gap.version, since: gap.since.toISOString() },
    recoverAfterMs: after === 0 ? null : after * 60_000,
  };
}
