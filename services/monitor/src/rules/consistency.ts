import { type Finding, fingerprintOf } from "../domain/alerts.ts";
import type { Comparison } from "../domain/consistency.ts";
import { type SettingsOf, whole } from "../domain/settings.ts";
import { defineRule } from "./rule.ts";

/** The two places that show a balance do not agree, or an account's own books do not add up. */
export const balanceDifference = defineRule({
  name: "balance_difference",
  family: "consistency",
  about:
    "Credits' books do not add up, or the status view differs at the same version. Over when a check finds them equal.",
  settings: {},
});

/** The status view has stood still behind the books for too long. */
export const viewLag = defineRule({
  name: "view_lag",
  family: "machinery",
  about: "The status view has been behind an account's books for `minutes` without moving. Over when it catches up.",
  settings: { minutes: whole(5, 1, 10_080, "so long without moving") },
});

export function judgeDifference(
  comparison: Comparison,
  at: Date,
  settings: SettingsOf<typeof balanceDifference.settings>,
): Finding {
  const { credits, view } = comparison;
  return {
    rule: balanceDifference.name,
    family: balanceDifference.family,
    fingerprint: fingerprintOf(balanceDifference.name, credits.userId),
    severity: "critical",
    userId: credits.userId,
    firstAt: at,
    lastAt: at,
    countMode: "add",
    count: 1,
    evidence: {
      problems: comparison.problems,
      credits: { version: credits.version, balance: credits.balance, held: credits.held },
      view: view === null ? null : { version: view.balanceVersion, balance: view.balance, held: view.held },
      proposedRepair: comparison.booksAreSound ? "rebuild_view" : "inspect_books",
    },
    recoverAfterMs: minutes(settings.recoverAfterMinutes),
  };
}

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
    recoverAfterMs: minutes(settings.recoverAfterMinutes),
  };
}

function minutes(count: number): number | null {
  return count === 0 ? null : count * 60_000;
}
