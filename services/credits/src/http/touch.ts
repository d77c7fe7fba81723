import type { Actor } from "@stipend/platform/auth/actor";
import { CodedError } from "@stipend/platform/errors/coded";
import type { AccountView } from "../domain/ledger/account.ts";
import type { UserId } from "../domain/ledger/terms.ts";
import { getAccount } from "../usecases/get-account.ts";
import { accountOf, mayCreate, READ_FOR_OTHERS } from "./acting.ts";
import type { RouteDeps } from "./deps.ts";

/**
 * The account a GET is about, brought up to now: every GET is a touch, so what fell due a moment ago shows.
 * @throws CodedError `user_not_found` for support and admins who ask for somebody nobody has heard of.
 */
export async function touched(deps: RouteDeps, actor: Actor, named: UserId | undefined): Promise<AccountView> {
  const userId = accountOf(actor, named, READ_FOR_OTHERS);
  const account = await getAccount(deps.accounts, userId, { create: mayCreate(actor, userId) });
  if (account === null) throw new CodedError("user_not_found", { details: { userId } });
  return account;
}
