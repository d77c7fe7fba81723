import type { BalanceRepair, Deps, ViewRepairOutcome } from "./ports.ts";

/** Sets the view to what credits says, unless it shows something else by now than was compared. */
export async function repairView(deps: Deps, repair: BalanceRepair): Promise<ViewRepairOutcome> {
  const { balance, seen, now } = repair;
  const outcome = await deps.store.transaction("view.repair", async (tx) => {
    // A user of whom no event has ever come has no row yet.
    if (seen.version === 0) await tx.seeUsers([{ userId: balance.userId }], now);
    return await tx.repairBalance(repair);
  });
  deps.committed();
  return outcome;
}
