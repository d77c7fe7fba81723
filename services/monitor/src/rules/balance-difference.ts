import { type Finding, fingerprintOf } from "../domain/alerts.ts";
import { type Comparison, proposedRepair } from "../domain/consistency.ts";
import type { SettingsOf } from "../domain/settings.ts";
import { defineRule } from "./rule.ts";

/** The two places that show a balance do not agree, or an account's own books do not add up. */
export const balanceDifference = defineRule({
  name: "balance_difference",
  family: "consistency",
  about:
    "Credits' books do not add up, or the status view differs at the same version. Over when a check finds them equal.",
  settings: {},
});

export function judgeDifference(
  comparison: Comparison,
  at: Date,
  settings: SettingsOf<typeof balanceDifference.settings>,
): Finding {
  const { credits, view } = comparison;
  const repair = proposedRepair(comparison);
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
      proposedRepair: repair?.action ?? null,
      plan: repair?.plan ?? null,
      repairWith:
        repair === null
          ? null
          : {
              method: "POST",
              path: "/api/admin/consistency/repair",
              body: { userId: credits.userId, proposal: repair.proposal },
            },
    },
    recoverAfterMs: settings.recoverAfterMinutes === 0 ? null : settings.recoverAfterMinutes * 60_000,
  };
}
