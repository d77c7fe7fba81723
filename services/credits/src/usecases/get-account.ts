import type { AccountView, UserId } from "../domain/ledger.ts";
import type { Clock, Ledger } from "./ports.ts";
import { settleAccounts } from "./settle-allowances.ts";

export interface GetAccountPorts {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly timeZone: string;
}

/**
 * The account as of now. Looking is a touch: what lapsed is taken, a reset that is due is given, before the answer.
 * An account that does not exist is created when `create` says so, else null.
 */
export async function getAccount(
  ports: GetAccountPorts,
  userId: UserId,
  options: { readonly create: boolean; readonly traceparent?: string | undefined },
): Promise<AccountView | null> {
  const now = ports.clock.now();
  const [seen] = await ports.ledger.read("account", (session) => session.accounts(now, [userId]));
  if (seen === undefined && !options.create) return null;
  if (seen !== undefined && !seen.lapseDue && !seen.resetDue) return seen;

  return ports.ledger.write("touch", async (session) => {
    await session.touch(now, [userId]);
    const [touched] = await session.accounts(now, [userId]);
    if (touched === undefined) throw new Error("an account that was just touched does not exist");
    if (!touched.resetDue) return touched;
    await settleAccounts(session, now, [userId], {
      timeZone: ports.timeZone,
      traceparentOf: () => options.traceparent,
    });
    const [settled] = await session.accounts(now, [userId]);
    return settled ?? touched;
  });
}
