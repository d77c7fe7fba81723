import type { Insufficient } from "../domain/ledger/outcomes.ts";
import { type Option, waysToGetCredits } from "../domain/options.ts";
import type { Accounts } from "./get-account.ts";
import type { LedgerReads } from "./ports.ts";

/** What the owner of an account without enough credits can do: packages on sale that it may buy, or a higher tier. */
export async function waysOut(
  ports: { readonly accounts: Accounts; readonly reads: Pick<LedgerReads, "packages"> },
  refused: Insufficient,
): Promise<readonly Option[]> {
  const userId = refused.account?.userId;
  const [packages, account] = await Promise.all([
    ports.reads.packages(false),
    userId === undefined ? undefined : ports.accounts.look(userId),
  ]);
  return waysToGetCredits(refused.shortfall, packages, account?.allowance?.tier ?? null);
}
