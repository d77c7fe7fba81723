import type { CSSProperties, ReactNode } from "react";
import type {
  Allowance,
  ConsumeRequest,
  CreditsErrorLike,
  CreditsStore,
  CreditsStoreOptions,
  Grant,
  Membership,
  MeteredAnswer,
  MeteredOptions,
  Movement,
  Session,
  Shortfall,
  Snapshot,
  Transaction,
} from "../core/types.ts";
import type { Texts } from "./texts.ts";

// ---- provider ------------------------------------------------------------------------------------------------------

export interface CreditsContextValue {
  readonly store: CreditsStore;
  /** BCP 47, for dates and numbers. */
  readonly locale: string;
  readonly texts: Texts;
}

export interface CreditsProviderProps extends Omit<CreditsStoreOptions, "session"> {
  readonly children?: ReactNode;
  /** A store of your own; the provider then makes none, and the options above do nothing. */
  readonly store?: CreditsStore;
  /** Null: nobody is signed in, and becoming null signs out. Left out: `store.signIn` is called by yourself. */
  readonly session?: Session | null;
  /** "en", "zh-CN", …; default: the first of the browser's languages. Chinese of any kind gets 简体中文, all else English. */
  readonly locale?: string;
  /** Replaces single texts. */
  readonly texts?: Partial<Texts>;
}

// ---- hooks ---------------------------------------------------------------------------------------------------------

/** The whole snapshot, and what is asked for most. */
export interface UseCredits extends Snapshot {
  readonly balance: number | null;
  readonly held: number | null;
  readonly available: number | null;
  readonly allowance: Allowance | null;
  readonly frozen: boolean;
  /** Asks the server now. Never rejects: `error` tells. */
  readonly refresh: () => Promise<void>;
}

export interface UseGrants {
  /** The open grants in the order of spending; null while unknown. Follows the account as it changes. */
  readonly grants: readonly Grant[] | null;
  readonly error: CreditsErrorLike | null;
}

export interface UseMembership {
  readonly status: Snapshot["status"];
  readonly membership: Membership | null;
  readonly isMember: boolean;
  readonly tier: string | null;
  /** True while cancel or resume is under way. */
  readonly busy: boolean;
  readonly error: CreditsErrorLike | null;
  /** Never rejects: `error` tells. Answers whether it was done. */
  readonly cancel: (reason?: string) => Promise<boolean>;
  readonly resume: (reason?: string) => Promise<boolean>;
}

export interface UseConsume {
  /** @throws CreditsError, also kept in `error` */
  readonly consume: (request: ConsumeRequest) => Promise<Movement>;
  /** @throws CreditsError, also kept in `error` */
  readonly callMetered: <T = unknown>(path: string, options?: MeteredOptions) => Promise<MeteredAnswer<T>>;
  /** How many calls of this hook are under way. */
  readonly running: number;
  readonly error: CreditsErrorLike | null;
  readonly clearError: () => void;
}

export interface TransactionFilter {
  readonly type?: readonly string[];
  /** Inclusive, RFC 3339. */
  readonly from?: string;
  /** Exclusive, RFC 3339. */
  readonly to?: string;
  /** A page, 1 to 100. Default 20. */
  readonly limit?: number;
}

export interface UseTransactions {
  readonly status: "loading" | "ready" | "failed";
  /** Newest first; follows the account as it changes. */
  readonly data: readonly Transaction[];
  readonly hasMore: boolean;
  readonly loadMore: () => void;
  readonly reload: () => void;
  readonly error: CreditsErrorLike | null;
}

export interface UseMeter {
  /** 0 to 1: what is left of the allowance. Null for a non-member. */
  readonly ratio: number | null;
  readonly remaining: number | null;
  readonly monthlyCredits: number | null;
  readonly nextResetAt: string | null;
  /** What does not come from the allowance. */
  readonly other: number | null;
  readonly low: boolean;
}

export interface UseTopUp {
  readonly shortfall: Shortfall | null;
  readonly dismiss: () => void;
}

// ---- components ----------------------------------------------------------------------------------------------------

export interface ComponentProps {
  readonly className?: string;
  readonly style?: CSSProperties;
}

export interface CreditsBadgeProps extends ComponentProps {
  /** Makes it a button. */
  readonly onClick?: () => void;
}

export interface CreditsMeterProps extends ComponentProps {
  /** bar: a line; ring: a circle. Default bar. */
  readonly shape?: "bar" | "ring";
  /** Of the ring, in CSS pixels. Default 120. */
  readonly size?: number;
}

export interface MembershipInfoProps extends ComponentProps {
  /** Names of tiers by code; default the code with a capital. */
  readonly tierNames?: Readonly<Record<string, string>>;
  /** Shows buttons to cancel and resume. Default false. */
  readonly manageable?: boolean;
  /** Shows a button for non-members. */
  readonly onJoin?: () => void;
}

export interface TransactionListProps extends ComponentProps {
  readonly filter?: TransactionFilter;
  /** Draws a row by itself. */
  readonly renderRow?: (transaction: Transaction) => ReactNode;
}

export interface TopUpPromptProps extends ComponentProps {
  /** Buys a package; without it packages are named only. */
  readonly onTopUp?: (code: string) => void;
  readonly onUpgrade?: () => void;
}
