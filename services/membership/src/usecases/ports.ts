import type { ChangeKind, Cycle, Member, Membership, Status, Tier } from "../domain/membership.ts";
import type { SeenUser } from "../domain/people.ts";
import type { MembershipView } from "./view.ts";

/** An admin's act, for the audit log. */
export interface AdminAct {
  /** Unique for each act. */
  readonly id: string;
  readonly roles: readonly string[];
  readonly ip: string;
  readonly userAgent: string;
  readonly requestId: string;
  readonly traceId: string;
}

/** Who asks, and how the answer finds its way into trace and audit log. */
export interface Asker {
  readonly actor: string;
  readonly traceparent?: string;
  /** Present when an admin asks. */
  readonly admin?: AdminAct;
}

/** An idempotency key with the hash of what was asked for under it. */
export interface KeyedRequest {
  readonly operation: string;
  readonly key: string;
  readonly hash: string;
}

/** The hash and the answer of the first request under a key. */
export interface AnsweredRequest {
  readonly hash: string;
  readonly response: MembershipView;
}

export type ChangeStep = "set" | "cancel" | "resume" | "end" | "renew" | "expire";

/** A change as the procedures take it: judged at `expectedVersion`, leaving the membership as `next`. */
export interface Change {
  readonly userId: string;
  readonly expectedVersion: number;
  readonly changeId: string;
  readonly change: ChangeKind | "unchanged";
  readonly before: Membership | null;
  /** null only for `unchanged`, of somebody who was never a member. */
  readonly next: Membership | null;
  readonly asker: Asker;
  readonly reason: string;
  readonly audit?: { readonly action: string; readonly before: string; readonly after: string };
  readonly keep?: { readonly request: KeyedRequest; readonly response: MembershipView };
}

/** One transaction. Reads see what it wrote; locks last until it ends. */
export interface MembershipTx {
  seeUsers(users: readonly SeenUser[], now: Date): Promise<void>;
  /** Locks in byte order of the ids. Unknown users are absent. */
  lock(userIds: readonly string[]): Promise<Member[]>;
  /** Locks up to `limit` members with something due by `now`, passing over those that others work on. */
  claimDue(now: Date, limit: number): Promise<Member[]>;
  /** By user: what was answered to the request that this user's key stood for, where there was one. At most one a user. */
  findRequests(asked: ReadonlyMap<string, KeyedRequest>): Promise<Map<string, AnsweredRequest>>;
  tiers(): Promise<Tier[]>;
  /** Throws when one change does not take effect: its caller holds the locks, so that would be a defect. */
  apply(step: ChangeStep, changes: readonly Change[], now: Date): Promise<void>;
  setTier(change: TierChange, now: Date): Promise<boolean>;
  /** Never makes one that stands end sooner. undefined when `most` are kept already. */
  revokeTokens(
    revocation: NewRevocation,
    bounds: { readonly most: number; readonly realNow: Date; readonly now: Date },
  ): Promise<Revocation | undefined>;
  remind(days: readonly number[], runId: string, limit: number, now: Date): Promise<{ recorded: number; sent: number }>;
  /** Forward by version only. Returns the users that do not exist yet, for whom nothing was kept. */
  applyBalances(balances: readonly ToldBalance[], now: Date): Promise<string[]>;
  /** With its audit event. */
  repairBalance(repair: BalanceRepair): Promise<ViewRepairOutcome>;
  /** Which of these events this consumer has not seen yet; they count as seen once the transaction commits. */
  unseenEvents(consumer: string, eventIds: readonly string[], now: Date): Promise<Set<string>>;
}

export interface MembershipStore {
  transaction<T>(name: string, work: (tx: MembershipTx) => Promise<T>): Promise<T>;
  findMember(userId: string): Promise<Member | undefined>;
  tiers(): Promise<Tier[]>;
  findUser(userId: string): Promise<UserStatus | undefined>;
  listUsers(query: UserQuery): Promise<UserStatus[]>;
  checkUsers(userIds: readonly string[]): Promise<UserStatus[]>;
  /** Newest first, all before the version `before` when it is given. */
  history(query: {
    readonly userId: string;
    readonly before?: number;
    readonly limit: number;
  }): Promise<HistoryEntry[]>;
  /** Oldest first. `head` is the number of the newest of all. */
  revocationsAfter(after: number, limit: number): Promise<{ head: number; data: Revocation[] }>;
  /** Newest first, without those that have run out. */
  revocationsBefore(query: {
    readonly before: number | undefined;
    readonly limit: number;
    readonly realNow: Date;
  }): Promise<Revocation[]>;
}

/** One change of a membership, and what it was right after. */
export interface HistoryEntry {
  readonly version: number;
  readonly change: string;
  readonly tier: string | null;
  readonly status: Status;
  readonly cycle: Cycle | null;
  readonly actor: string;
  readonly reason: string;
  readonly occurredAt: Date;
}

/** That tokens are refused before they expire. Its times are of the real clock. */
interface RevocationTerms {
  readonly kind: "user" | "token";
  /** A user id, or a token's jti. */
  readonly subject: string;
  readonly issuedUntil: Date;
  readonly standsUntil: Date;
  readonly revocationId: string;
  readonly reason: string;
}

export interface NewRevocation extends RevocationTerms {
  readonly asker: Asker & { readonly admin: AdminAct };
}

export interface Revocation extends RevocationTerms {
  /** Rises with every act: whoever has read up to it has missed nothing below. */
  readonly seq: number;
  readonly actor: string;
  readonly revokedAt: Date;
}

export interface TierChange {
  readonly tier: Tier;
  /** 0: it must not exist yet. */
  readonly expectedVersion: number;
  readonly changeId: string;
  readonly asker: Asker & { readonly admin: AdminAct };
  readonly reason: string;
  readonly before: string;
  readonly after: string;
}

/** The state of an account right after one row of the ledger. */
export interface ToldBalance {
  readonly userId: string;
  readonly version: number;
  readonly balance: number;
  readonly held: number;
  readonly status: "active" | "frozen";
}

/** What the status view showed of an account. */
export type SeenBalance = Pick<ToldBalance, "version" | "balance" | "held">;

export interface BalanceRepair {
  readonly balance: ToldBalance;
  readonly seen: SeenBalance;
  readonly reason: string;
  readonly asker: Asker & { readonly admin: AdminAct };
  readonly now: Date;
}

/** `changed_meanwhile`: the view no longer shows what was seen; compare again. */
export type ViewRepairOutcome = "repaired" | "changed_meanwhile" | "unknown_user";

/** A row of user_membership_status. */
export interface UserStatus {
  readonly userId: string;
  readonly userNo: number;
  readonly email: string | null;
  readonly name: string | null;
  readonly firstSeenAt: Date;
  readonly membershipVersion: number;
  readonly membership: Membership | null;
  readonly balance: number;
  readonly held: number;
  readonly balanceVersion: number;
  readonly accountStatus: "active" | "frozen";
  /** The word the search found the user by; only in answers to a search. */
  readonly term?: string;
}

export interface UserQuery {
  readonly query?: string;
  readonly tier?: string;
  readonly status?: "none" | "active" | "cancelled" | "expired" | "ended";
  readonly balanceMin?: number;
  readonly balanceMax?: number;
  readonly endsFrom?: Date;
  readonly endsTo?: Date;
  readonly limit: number;
  readonly after?: UserCursor;
}

/** Where a page ended. Without a query users come newest first; with one, by the word that was found. */
export interface UserCursor {
  readonly userNo: number;
  readonly term?: string;
}

/** What every use case needs. */
export interface Deps {
  readonly store: MembershipStore;
  readonly timeZone: string;
  /** A UUIDv7. */
  readonly newId: () => string;
  /** Called after a commit that wrote events, so that they go out at once. */
  readonly committed: () => void;
}
