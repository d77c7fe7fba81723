import type { RepairOperation, RepairPlan, RepairResult } from "../domain/repairs.ts";
import type { Clock, Ledger, LedgerSession } from "./ports.ts";

/** After the repair something would still differ; nothing was done. */
export class RepairIncomplete extends Error {
  readonly problems: readonly string[];

  constructor(userId: string, problems: readonly string[]) {
    super(`the books of ${userId} would still not agree: ${problems.join(", ")}`);
    this.name = "RepairIncomplete";
    this.problems = problems;
  }
}

/**
 * Repairs accounts in the caller's transaction and proves them by the check that found the difference.
 * @throws RepairIncomplete when it still finds one: the transaction must not commit.
 */
export async function repairAndProve(
  session: Pick<LedgerSession, "repair" | "check">,
  now: Date,
  operations: readonly RepairOperation[],
): Promise<RepairResult[]> {
  const results = await session.repair(now, operations);
  const userIds = operations.flatMap(({ userId }, index) => (results[index]?.outcome === "ok" ? [userId] : []));
  if (userIds.length === 0) return results;
  for (const { userId, problems } of await session.check({ userIds })) {
    if (problems.length > 0) {
      throw new RepairIncomplete(
        userId,
        problems.map(({ code }) => code),
      );
    }
  }
  return results;
}

/** What would be done with these accounts now; those with nothing to repair are absent. */
export async function planRepairs(ledger: Ledger, userIds: readonly string[]): Promise<readonly RepairPlan[]> {
  return await ledger.write("repairs.plan", (session) => session.planRepairs(userIds));
}

/** One admin's repair; what is above the threshold was kept as a proposal before. */
export async function repairBooks(
  { ledger, clock }: { readonly ledger: Ledger; readonly clock: Clock },
  operation: RepairOperation,
): Promise<RepairResult> {
  const [result] = await ledger.write("repairs.repair", (session) => repairAndProve(session, clock.now(), [operation]));
  if (result === undefined) throw new Error("one answer was expected");
  return result;
}
