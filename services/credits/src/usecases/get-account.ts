import type { AccountView } from "../domain/ledger/account.ts";
import type { UserId } from "../domain/ledger/terms.ts";
import type { Clock, Ledger } from "./ports.ts";
import { settleAccounts } from "./settle-allowances.ts";

/** Accounts as they are now, by name. Reads of many callers may share one look; each begins after it was asked for. */
export interface Accounts {
  /** Undefined when there is none. */
  look(userId: UserId): Promise<AccountView | undefined>;
  /** Books what lapsed and what is due, creates what does not exist, then looks. */
  touch(userId: UserId): Promise<AccountView>;
}

/**
 * The account as of now. Looking is a touch: what lapsed is taken, a reset that is due is given, before the answer.
 * An account that does not exist is created when `create` says so, else null.
 */
export async function getAccount(
  accounts: Accounts,
  userId: UserId,
  options: { readonly create: boolean },
): Promise<AccountView | null> {
  const seen = await accounts.look(userId);
  if (seen === undefined && !options.create) return null;
  return seen === undefined || seen.lapseDue || seen.resetDue ? accounts.touch(userId) : seen;
}

export interface TouchPorts {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly timeZone: string;
}

/** Brings accounts up to now, in one transaction, and answers them as they are then. */
export async function touchAccounts(
  ports: TouchPorts,
  userIds: readonly UserId[],
  traceparent: string | undefined,
): Promise<readonly AccountView[]> {
  return ports.ledger.write("touch", async (session) => {
    const now = ports.clock.now();
    await session.touch(now, userIds);
    const touched = await session.accounts(now, userIds);
    const due = touched.filter((account) => account.resetDue).map(({ userId }) => userId);
    if (due.length === 0) return touched;
    await settleAccounts(session, now, due, { timeZone: ports.timeZone, traceparentOf: () => traceparent });
    return session.accounts(now, userIds);
  });
}
