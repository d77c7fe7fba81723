/** The public API: the store, the provider, the hooks, the components and their words. See README.md. */
export { CreditsError } from "./core/errors.ts";
export { createCreditsStore } from "./core/store.ts";
export type * from "./core/types.ts";
export { CreditsBadge, CreditsMeter, MembershipInfo, TopUpPrompt, TransactionList } from "./react/components.tsx";
export {
  CreditsContext,
  CreditsProvider,
  useCreditsContext,
  useCreditsSnapshot,
  useCreditsStore,
} from "./react/context.tsx";
export { fill } from "./react/format.ts";
export { useChanges, useConsume, useCredits, useGrants, useMembership, useMeter, useTopUp } from "./react/hooks.ts";
export { en, type Texts } from "./react/texts.ts";
export { useTransactions } from "./react/transactions.ts";
export type * from "./react/types.ts";
