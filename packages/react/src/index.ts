/**
 * The public API. Hooks and components, all of them to be used below a CreditsProvider:
 *
 *   createCreditsStore(options?: CreditsStoreOptions): CreditsStore
 *   CreditsError: an Error with code, status, action, retryAfterSeconds, problem
 *   <CreditsProvider session={{ userId, getToken }}>, CreditsContext, useCreditsContext(): CreditsContextValue
 *   useCreditsStore(): CreditsStore            useCreditsSnapshot(): Snapshot
 *   useCredits(): UseCredits                   useGrants(): UseGrants
 *   useMembership(): UseMembership             useConsume(): UseConsume
 *   useTransactions(filter?): UseTransactions  useMeter(): UseMeter
 *   useTopUp(): UseTopUp                       useChanges(listener): void
 *   <CreditsBadge>, <CreditsMeter>, <MembershipInfo>, <TransactionList>, <TopUpPrompt>
 *   en, zhCN: Texts                            fill(text, values): string
 */
export type * from "./core/types.ts";
export { en, type Texts, zhCN } from "./react/texts.ts";
export type * from "./react/types.ts";
