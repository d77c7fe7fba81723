import { type Finding, fingerprintOf } from "../domain/alerts.ts";
import type { Comparison } from "../domain/consistency.ts";
import { type SettingsOf, whole } from "../domain/settings.ts";
import { defineRule } from "./rule.ts";

/** The status view has stood still behind the books for too long. */
export const viewLag = defineRule({
  name: "view_lag",
  family: "machinery",
  about: "The status view has been behind an account's books for `minutes` without moving. Over when it catches up.",
  settings: { minutes: whole(5, 1, 10_080, "so long without moving") },
});

/** null: not for long enough. */
export function judgeLag(
  comparison: Comparison,
  since: Date,
  at: Date,
  settings: SettingsOf<typeof viewLag.settings>,
): Finding | null {
  if (at.getTime() - since.getTime() < settings.minutes * 60_000) return null;
  const { credits, view } = comparison;
  return {
    rule: viewLag.name,
    family: viewLag.family,
    fingerprint: fingerprintOf(viewLag.name, credits.userId),
    severity: "warning",
    userId: credits.userId,
    firstAt: since,
    lastAt: at,
    countMode: "add",
    count: 1,
    evidence: {
      creditsVersion: credits.version,
      viewVersion: view?.balanceVersion ?? null,
      since: since.toISOString(),
    },
    recoverAfterMs: settings.recoverAfterMinutes === 0 ? null : settings.recoverAfterMinutes * 60_000,
  };
}
