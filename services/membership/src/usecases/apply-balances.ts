import type { Deps, ToldBalance } from "./ports.ts";

export const BALANCES_CONSUMER = "membership.balances";

/** A balance as one event told it. */
export interface BalanceEvent {
  readonly eventId: string;
  readonly balance: ToldBalance;
}

/** Takes over what credits told, in one transaction with the inbox: twice, late and out of order make no difference. */
export async function applyBalances(deps: Deps, events: readonly BalanceEvent[], now: Date): Promise<void> {
  if (events.length === 0) return;
  await deps.store.transaction("balances.apply", async (tx) => {
    const ids = events.map((event) => event.eventId);
    const unseen = await tx.unseenEvents(BALANCES_CONSUMER, ids, now);
    const balances = events.filter((event) => unseen.has(event.eventId)).map((event) => event.balance);
    if (balances.length === 0) return;
    const unknown = await tx.applyBalances(balances, now);
    if (unknown.length === 0) return;
    // An event that names a user creates it. Rare, so the others are not made to wait for it.
    await tx.seeUsers(
      unknown.map((userId) => ({ userId })),
      now,
    );
    await tx.applyBalances(balances, now);
  });
}
