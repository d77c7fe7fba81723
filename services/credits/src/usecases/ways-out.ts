import type { Insufficient } from "../domain/ledger.ts";
import { type Option, waysToGetCredits } from "../domain/options.ts";
import type { Clock, Ledger, LedgerReads } from "./ports.ts";

/** What the owner of an account without enough credits can do: packages on sale that it may buy, or a higher tier. */
export async function waysOut(
  ports: { readonly ledger: Ledger; readonly reads: Pick<LedgerReads, "packages">; readonly clock: Clock },
  refused: Insufficient,
): Promise<readonly Option[]> {
  const userId = refused.account?.userId;
  const [packages, accounts] = await Promise.all([
    ports.reads.packages(false),
    userId === undefined
      ? []
      : ports.ledger.read("options", (session) => session.accounts(ports.clock.now(), [userId])),
  ]);
  return waysToGetCredits(refused.shortfall, packages, accounts[0]?.allowance?.tier ?? null);
}
