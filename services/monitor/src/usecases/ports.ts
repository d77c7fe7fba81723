import type { Finding, Recovery } from "../domain/alerts.ts";
import type { Comparison, CreditsSide, Result, ViewSide } from "../domain/consistency.ts";
import type { MonitorEvent } from "../domain/events.ts";
import type { Range, SeenVersions } from "../domain/versions.ts";
import type { Gap } from "../rules/event-gap.ts";

/** An event and where in Kafka it stood. */
export interface Delivery {
  readonly event: MonitorEvent;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export interface KnownAccount extends SeenVersions {
  readonly userId: string;
  readonly membershipVersion: number;
}

export interface AccountChange extends SeenVersions {
  readonly userId: string;
  /** null: nothing newer was told. */
  readonly credits: {
    readonly balance: number;
    readonly held: number;
    readonly status: string;
    readonly at: Date;
  } | null;
  readonly membership: {
    readonly version: number;
    readonly status: string | null;
    readonly tier: string | null;
    readonly periodEnd: Date | null;
    readonly endsAt: Date | null;
  } | null;
}

export interface Observation {
  readonly rule: string;
  readonly subject: string;
  readonly at: Date;
  readonly eventId: string;
  readonly amount: number;
  readonly windowMs: number;
  readonly minEvents: number;
  readonly minAmount: number;
  /** Full windows at least so far apart are two episodes; 0: never. */
  readonly episodeMs: number;
}

/** Full windows of one rule and subject, without a pause of episodeMs between them. */
export interface Episode {
  readonly rule: string;
  readonly subject: string;
  readonly firstAt: Date;
  readonly lastAt: Date;
  readonly events: number;
  readonly amount: number;
}

export interface Progress {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly events: number;
  readonly lastEventAt: Date;
}

export interface DayTotal {
  /** YYYY-MM-DD, UTC. */
  readonly day: string;
  readonly kind: string;
  readonly events: number;
  readonly amount: number;
}

export interface AlertTransaction {
  raise(findings: readonly Finding[], now: Date): Promise<void>;
  recover(recoveries: readonly Recovery[], now: Date): Promise<void>;
}

export interface ObserveTransaction extends AlertTransaction {
  /** Of these events, the ones not consumed before. */
  unseen(eventIds: readonly string[], now: Date): Promise<ReadonlySet<string>>;
  lockAccounts(userIds: readonly string[]): Promise<ReadonlyMap<string, KnownAccount>>;
  saveAccounts(changes: readonly AccountChange[]): Promise<void>;
  /** Counts each event once; answers the full windows that hold one of them, in order of time. */
  recordObservations(observations: readonly Observation[], now: Date): Promise<readonly Episode[]>;
  recordTraffic(progress: readonly Progress[], totals: readonly DayTotal[], now: Date): Promise<void>;
}

export interface ObserveStore {
  observe<T>(work: (tx: ObserveTransaction) => Promise<T>): Promise<T>;
}

export interface GapStore {
  /** Accounts with versions missing since before `before`, at most `limit`, oldest first. */
  gaps(before: Date, limit: number): Promise<readonly Gap[]>;
  alerting<T>(work: (tx: AlertTransaction) => Promise<T>): Promise<T>;
}

export interface RecoveryStore {
  /** How many alerts ended. */
  recoverDue(now: Date, limit: number): Promise<number>;
  /** Forgets events that were counted before `recordedBefore` and happened before `before`; answers how many. */
  purgeObservations(recordedBefore: Date, before: Date, limit: number): Promise<number>;
}

/** Where the rolling check stands. */
export interface PassState {
  /** The next page begins behind this user; null: at the first. */
  readonly after: string | null;
  readonly startedAt: Date | null;
  readonly checked: number;
  readonly lastStartedAt: Date | null;
  readonly lastFinishedAt: Date | null;
  readonly lastChecked: number | null;
  readonly passes: number;
}

export interface CheckRemark {
  readonly userId: string;
  /** Since when the view has stood still behind the books; null: it is not behind. */
  readonly laggingSince: Date | null;
  /** What the check before said, when it was not "equal"; null: it was, or there was none. */
  readonly was: Result | null;
}

export interface CheckTransaction extends AlertTransaction {
  recordChecks(comparisons: readonly Comparison[], now: Date): Promise<readonly CheckRemark[]>;
  /** false: another instance has moved on from there already. */
  advance(after: string | null, next: string | null, checked: number, now: Date): Promise<boolean>;
}

export interface CheckStore {
  passState(): Promise<PassState>;
  checking<T>(work: (tx: CheckTransaction) => Promise<T>): Promise<T>;
}

/** The internal read-only routes of credits and membership. */
export interface CheckSource {
  page(
    after: string | null,
    limit: number,
  ): Promise<{ readonly accounts: readonly CreditsSide[]; readonly next: string | null }>;
  accounts(userIds: readonly string[]): Promise<readonly CreditsSide[]>;
  views(userIds: readonly string[]): Promise<readonly ViewSide[]>;
}

export type { Range };
