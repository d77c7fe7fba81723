/** What the store holds and does. Amounts are whole credits, times of the API RFC 3339 texts, other times milliseconds since 1970. */

// ---- what the API answers ------------------------------------------------------------------------------------------

export interface Allowance {
  readonly tier: string;
  readonly monthlyCredits: number;
  readonly remaining: number;
  /** Null when the membership ends before another reset. */
  readonly nextResetAt: string | null;
}

/** The account as the server told it. */
export interface Credits {
  readonly userId: string;
  readonly balance: number;
  /** Reserved by open holds. */
  readonly held: number;
  /** balance − held. */
  readonly available: number;
  /** Rises by one with every change of the account; an older one never replaces a newer one. */
  readonly version: number;
  readonly status: "active" | "frozen";
  /** Null for a non-member. */
  readonly allowance: Allowance | null;
}

/** A part of the balance. */
export interface Grant {
  readonly id: string;
  readonly kind: string;
  readonly remaining: number;
  /** Lower is spent first. */
  readonly priority: number;
  /** Null: never. */
  readonly expiresAt: string | null;
}

export interface Membership {
  readonly userId: string;
  /** Null without an active membership. */
  readonly tier: string | null;
  /** none active cancelled expired ended */
  readonly status: string;
  /** monthly yearly */
  readonly cycle: string | null;
  readonly startedAt: string | null;
  readonly currentPeriodStart: string | null;
  readonly currentPeriodEnd: string | null;
  readonly expiresAt: string | null;
  readonly cancelAtPeriodEnd: boolean;
  readonly pendingTier: string | null;
  readonly monthlyCredits: number | null;
  readonly version: number;
}

/** One change of the account, as the live stream told it. */
export interface Change {
  readonly id: string;
  /** consume refund grant reset expire hold release adjust freeze unfreeze */
  readonly type: string;
  /** Signed change of the balance. */
  readonly amount: number;
  readonly balanceBefore: number;
  readonly balanceAfter: number;
  readonly heldAfter: number;
  readonly reason: string;
  readonly feature: string | null;
  readonly createdAt: string;
}

/** A row of the ledger, as GET /api/credits/transactions lists it. */
export interface Transaction extends Change {
  readonly version: number;
  readonly relatedId: string | null;
  readonly draws: readonly Draw[];
  readonly heldChange: number;
  readonly grantKind: string | null;
  readonly actor: string;
  readonly metadata: Readonly<Record<string, unknown>> | null;
}

export interface Draw {
  readonly grantId: string;
  readonly kind: string;
  readonly amount: number;
}

/** The answer of a consumption. */
export interface Movement {
  readonly transactionId: string;
  readonly userId: string;
  /** Positive. */
  readonly amount: number;
  readonly balanceBefore: number;
  readonly balanceAfter: number;
  readonly heldAfter: number;
  readonly available: number;
  readonly version: number;
  readonly draws: readonly Draw[];
}

export interface WayOut {
  /** top_up or upgrade */
  readonly action: string;
  /** Packages that may be bought, the best fit first; none for an upgrade. */
  readonly packages: readonly { readonly code: string; readonly credits: number }[];
  /** The route that lists the choices. */
  readonly href: string;
}

/** What a 402 says: what is missing, and what can be done. */
export interface Shortfall {
  readonly required: number;
  readonly available: number;
  readonly shortfall: number;
  readonly options: readonly WayOut[];
}

// ---- what the store shows ------------------------------------------------------------------------------------------

/**
 * signed_out: nobody's data is here. loading: signed in, nothing known yet. ready: credits and membership are known (`error` tells
 * when they can't be renewed). failed: nothing known, and the last request failed; `error` says why. The store tries again by itself.
 */
export type StoreStatus = "signed_out" | "loading" | "ready" | "failed";

/** live: the stream is up, here or in another window. retrying: it broke and is being opened again. off: not wanted. */
export type LiveStatus = "off" | "connecting" | "live" | "retrying";

/** Never changed in place: a new object for each change. */
export interface Snapshot {
  readonly status: StoreStatus;
  readonly userId: string | null;
  readonly credits: Credits | null;
  readonly membership: Membership | null;
  /** Credits that spends of this window have taken off before the server answered. */
  readonly pending: number;
  /** available − pending, never below zero; null while nothing is known. What to show. */
  readonly spendable: number | null;
  readonly live: LiveStatus;
  /** When the data was last known to be right: an answer, an event, or a heartbeat of the stream. */
  readonly newsAt: number | null;
  readonly error: CreditsErrorLike | null;
  /** The last 402, until it is dismissed or enough credits are there. */
  readonly shortfall: Shortfall | null;
}

/** An error with a stable code: a code of the API, or network_failed, signed_out, token_unavailable, answer_unreadable. */
export interface CreditsErrorLike extends Error {
  readonly code: string;
  /** HTTP status; 0 without an answer. */
  readonly status: number;
  /** What the person can do, as the API said it. */
  readonly action: string | null;
  readonly retryAfterSeconds: number | null;
  /** Of a spend: send it again with this key, and it is charged once at most. */
  readonly idempotencyKey: string | null;
  /** The problem+json body. */
  readonly problem: Readonly<Record<string, unknown>> | null;
}

// ---- what the store is given ---------------------------------------------------------------------------------------

export type GetToken = (options: { readonly refresh: boolean }) => string | null | Promise<string | null>;

export interface Session {
  /** The `sub` of the token: whose data this is. */
  readonly userId: string;
  /**
   * The bearer token. Called before each request, so answer from memory; `refresh` is true when the server has just refused the
   * last one. Reject, or answer null, when there is none: the store then says token_unavailable. Never stored, never sent to another window.
   */
  readonly getToken: GetToken;
}

/** Why a session ended without a call of `signOut` in this window. */
export interface SessionEnd {
  readonly reason: "signed_out" | "user_changed";
  /** Whose session it was. */
  readonly userId: string;
  /** Who is signed in now in the other window. */
  readonly nextUserId: string | null;
}

export interface CreditsStoreOptions {
  /** Where the API is; default: the page's own origin. */
  readonly baseUrl?: string;
  /** Default: nobody; `signIn` later. */
  readonly session?: Session | null;
  /** Windows of one scope share cache, stream and session. Two apps with sign-ins of their own need two. Default "default". */
  readonly scope?: string;
  /** Origins of frames, embedders and openers to exchange states with by postMessage, beside the page's own. */
  readonly allowedOrigins?: readonly string[];
  /** False: no live stream; requests alone. Default true. */
  readonly live?: boolean;
  /** Another window signed out, or in as somebody else. The store has forgotten everything already. */
  readonly onSessionEnd?: (end: SessionEnd) => void;
  /** Parts of the browser, for tests and other surroundings; each may be missing. */
  readonly environment?: Partial<Environment>;
}

export interface ConsumeRequest {
  /** 1 to 1,000,000. */
  readonly amount: number;
  readonly reason: string;
  readonly feature?: string;
  readonly metadata?: Readonly<Record<string, string | number | boolean | null>>;
  /** Default: a new one. Give your own to repeat a call after a reload. */
  readonly idempotencyKey?: string;
}

export interface RequestOptions {
  /** Default GET, or POST with a body. */
  readonly method?: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly idempotencyKey?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface MeteredOptions extends RequestOptions {
  /** What the call is expected to cost: taken off at once, and given back when it fails. Default 0. */
  readonly cost?: number;
}

export interface MeteredAnswer<T> {
  readonly data: T;
  /** Stipend-Credits-Charged; null when the answer does not say. */
  readonly charged: number | null;
  readonly remaining: number | null;
}

/** Framework-free; one for each page. `getSnapshot`, `subscribe` and `dismissShortfall` may be handed on as they are. */
export interface CreditsStore {
  readonly getSnapshot: () => Snapshot;
  /** Calls `listener` after each change; answers how to end that. While anybody listens, the store keeps itself up to date. */
  readonly subscribe: (listener: () => void) => () => void;
  /** Each change of the account once, in every window. For toasts. */
  onChange(listener: (change: Change, credits: Credits) => void): () => void;

  /** Begins a session, or takes the new getToken of the same user. Other windows of another user end theirs. */
  signIn(session: Session): void;
  /** Ends it in every window and forgets all data of the user. Doing it twice is harmless. */
  signOut(): void;

  /** Asks the server when the data is older than 5 minutes, or always with `force`. Concurrent calls share one request. @throws CreditsError */
  refresh(options?: { readonly force?: boolean }): Promise<void>;
  /** Spends credits; the balance shows it at once and comes back when it fails. Repeats lost answers with the same key. @throws CreditsError */
  consume(request: ConsumeRequest): Promise<Movement>;
  /** Calls a metered feature. @throws CreditsError */
  callMetered<T = unknown>(path: string, options?: MeteredOptions): Promise<MeteredAnswer<T>>;
  /** Any other call of the API as this user; the parsed body, or undefined for 204. Text when it is not JSON. @throws CreditsError */
  request<T = unknown>(path: string, options?: RequestOptions): Promise<T>;
  /** Lets the membership run out with its period, or takes that back. @throws CreditsError */
  cancelMembership(reason?: string): Promise<Membership>;
  resumeMembership(reason?: string): Promise<Membership>;
  readonly dismissShortfall: () => void;

  /** Stops everything and forgets the session here; it goes on in other windows. */
  destroy(): void;
}

// ---- the surroundings ----------------------------------------------------------------------------------------------

/** The part of BroadcastChannel that is used. */
export interface ChannelLike {
  postMessage(message: unknown): void;
  close(): void;
}

export interface StorageLike {
  readonly length: number;
  key(index: number): string | null;
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

export interface LocksLike {
  request(
    name: string,
    options: { readonly signal?: AbortSignal; readonly steal?: boolean },
    callback: (lock: unknown) => Promise<unknown>,
  ): Promise<unknown>;
}

/** The part of a window that postMessage needs. */
export interface PeerWindow {
  postMessage(message: unknown, targetOrigin: string): void;
}

/** A parent or opener. Its origin is null while nobody knows it. */
export interface Peer {
  readonly window: PeerWindow;
  readonly origin: string | null;
}

export interface Environment {
  readonly fetch: typeof fetch;
  /** Milliseconds since 1970; may jump. */
  readonly now: () => number;
  /** Milliseconds that only rise; may stand still while the machine sleeps. */
  readonly monotonic: () => number;
  readonly setTimeout: (run: () => void, ms: number) => unknown;
  readonly random: () => string;
  /** Undefined where there is none; may throw. */
  readonly storage: () => StorageLike | undefined;
  /** Undefined where there is none. `receive` gets what the others post. */
  readonly channel: (name: string, receive: (data: unknown) => void) => ChannelLike | undefined;
  readonly locks: () => LocksLike | undefined;
  /** This page's origin; "null" for an opaque one. */
  readonly origin: string;
  readonly peers: () => readonly Peer[];
  readonly visible: () => boolean;
  readonly listen: (
    type: "storage" | "message" | "visibilitychange" | "pageshow" | "pagehide" | "online",
    listener: (event: Event) => void,
  ) => () => void;
}
