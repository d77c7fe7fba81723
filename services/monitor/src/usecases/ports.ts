import type { Evidence, Finding, Recovery } from "../domain/alerts.ts";
import type { BooksPlan, Comparison, CreditsSide, Result, ViewSide } from "../domain/consistency.ts";
import type { MonitorEvent } from "../domain/events.ts";
import type { AllowanceFact, MemberFacts, TermsFact } from "../domain/member-facts.ts";
import type { Range, SeenVersions } from "../domain/versions.ts";
import type { Gap } from "../rules/event-gap.ts";
import type { Crowd } from "../rules/signal.ts";

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
  /** By its newest version. */
  readonly balance: number;
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

/** New events of one step, as RecordTallies takes them. */
export interface TallyItem {
  readonly rule: string;
  readonly subject: string;
  readonly bucketMs: number;
  readonly member: string;
  readonly events: number;
  readonly amount: number;
  readonly marked: number;
  readonly stepMs: number;
  readonly widthMs: number;
  readonly minEvents: number;
  readonly minAmount: number;
  readonly minMembers: number;
  readonly minEach: number;
  readonly episodeMs: number;
  readonly settleMs: number | null;
  readonly keepMs: number;
}

/** Full windows of tallies; firstAt and lastAt: beginnings of the last steps of the first and the last of them. */
export interface TallyEpisode extends Episode {
  readonly members: number;
  readonly who: readonly string[];
  readonly marked: number;
}

export interface HistoryQuestion {
  readonly rule: string;
  readonly subject: string;
  readonly fromMs: number;
  readonly beforeMs: number;
}

export interface SeenValue {
  readonly rule: string;
  readonly subject: string;
  readonly facet: string;
  readonly value: string;
  readonly firstAt: Date;
  readonly lastAt: Date;
  readonly learnMs: number;
}

export interface Expectation {
  readonly rule: string;
  readonly key: string;
  readonly userId: string;
  readonly at: Date;
  readonly dueAt: Date;
  readonly evidence: Evidence;
}

export interface MetExpectation {
  readonly rule: string;
  readonly key: string;
  readonly at: Date;
}

/** What one batch told of memberships and allowances. */
export interface MemberNews {
  readonly terms: readonly { readonly userId: string; readonly fact: TermsFact }[];
  readonly allowances: readonly { readonly userId: string; readonly fact: AllowanceFact }[];
  /** Look at these users not later than this. */
  readonly inspect: readonly { readonly userId: string; readonly at: Date }[];
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
  /** Adds up; answers the full windows of the rules judged at once. */
  recordTallies(items: readonly TallyItem[], now: Date): Promise<readonly TallyEpisode[]>;
  /** Of the windows that end with steps from `firstAt` to `lastAt`: at most `limit` members, those with the most events first. */
  tallyMembers(episode: TallyEpisode, widthMs: number, limit: number): Promise<readonly string[]>;
  /** In the order of the questions. */
  tallyHistory(questions: readonly HistoryQuestion[]): Promise<readonly { events: number; amount: number }[]>;
  /** Answers what is new of a subject that is known. */
  recordValues(values: readonly SeenValue[], now: Date): Promise<readonly Omit<SeenValue, "lastAt" | "learnMs">[]>;
  /** Answers those that were told as missed and are met now. */
  recordExpectations(
    expected: readonly Expectation[],
    met: readonly MetExpectation[],
    now: Date,
  ): Promise<readonly { rule: string; key: string }[]>;
  saveMemberFacts(news: MemberNews): Promise<void>;
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

export interface InspectTransaction extends AlertTransaction {
  /** Of these users, locked, the ones whose inspection is due. */
  dueMembers(userIds: readonly string[], now: Date): Promise<readonly MemberFacts[]>;
  planInspections(items: readonly { readonly userId: string; readonly at: Date | null }[]): Promise<void>;
  /** Of these fingerprints, the ones that ever had an alert. */
  told(fingerprints: readonly string[]): Promise<ReadonlySet<string>>;
}

export interface InspectStore {
  /** At most `limit` users whose inspection is due, longest overdue first. */
  inspectionsDue(now: Date, limit: number): Promise<readonly string[]>;
  inspecting<T>(work: (tx: InspectTransaction) => Promise<T>): Promise<T>;
}

export interface MissedExpectation {
  readonly rule: string;
  readonly key: string;
  readonly userId: string | null;
  readonly at: Date;
  readonly evidence: Evidence;
}

export interface SettleTransaction extends AlertTransaction {
  /** Takes steps that are over; the windows that end with them. */
  settleTallies(
    rules: readonly { readonly rule: string; readonly widthMs: number }[],
    now: Date,
    limit: number,
  ): Promise<readonly TallyEpisode[]>;
  missExpectations(now: Date, limit: number): Promise<readonly MissedExpectation[]>;
  /** Of each window, what is marked in steps in which the same is marked of many others. In their order. */
  markedWithOthers(
    rule: string,
    windows: readonly { readonly member: string; readonly fromMs: number; readonly toMs: number }[],
    crowd: Crowd,
  ): Promise<readonly number[]>;
}

export interface SettleStore {
  settling<T>(work: (tx: SettleTransaction) => Promise<T>): Promise<T>;
}

export interface RecoveryStore {
  /** How many alerts ended. */
  recoverDue(now: Date, limit: number): Promise<number>;
  /** Forgets events that were counted before `recordedBefore` and happened before `before`; answers how many. */
  purgeObservations(recordedBefore: Date, before: Date, limit: number): Promise<number>;
  /** Forgets what else no rule can reach any more; answers the most rows that went from one table. */
  purgeHistory(now: Date, factsBefore: Date, logBefore: Date, limit: number): Promise<number>;
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
  /** Accounts that were not equal when they were compared last, before `before`: at most `limit`, the longest ago first. */
  unequal(before: Date, limit: number): Promise<readonly string[]>;
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
  /** What credits would do with these accounts; those of which it can't say are absent. */
  plans(userIds: readonly string[]): Promise<ReadonlyMap<string, BooksPlan>>;
}

export type { Range };

export interface GroupLag {
  /** With the installation's prefix. */
  readonly group: string;
  /** Without it. */
  readonly name: string;
  readonly messages: number;
  readonly topics: readonly { readonly topic: string; readonly messages: number }[];
}

export interface OutboxState {
  readonly service: string;
  readonly pending: number;
  readonly failed: number;
  readonly oldestAt: Date | null;
}

export interface Letters {
  readonly topic: string;
  /** There now. */
  readonly messages: number;
  /** That ever came. */
  readonly ever: number;
}

export interface AuditProof {
  readonly valid: boolean;
  readonly checked: number;
  readonly firstBad: unknown;
}

export interface SignRemark {
  readonly subject: string;
  /** null: it is over. */
  readonly since: Date | null;
  /** At the last look; null: it was well then. */
  readonly valueBefore: number | null;
}

export interface MachineryTransaction extends AlertTransaction {
  recordSigns(
    items: readonly {
      readonly rule: string;
      readonly subject: string;
      readonly bad: boolean;
      readonly value: number;
    }[],
    now: Date,
  ): Promise<readonly SignRemark[]>;
}

export interface MachineryStore {
  watching<T>(work: (tx: MachineryTransaction) => Promise<T>): Promise<T>;
}
