import { CodedError } from "@stipend/platform/errors/coded";
import {
  type AlertChange,
  MAX_ATTEMPTS,
  type NoticePlan,
  type PlannedDelivery,
  pauseAfter,
  planDeliveries,
} from "../domain/notices.ts";

/** A delivery that was taken to be sent. */
export interface ClaimedDelivery {
  /** The same at every attempt. */
  readonly deliveryId: string;
  readonly channel: string;
  /** This one counted. */
  readonly attempt: number;
  /** true: several changes together, from a digest or from quiet hours. */
  readonly isDigest: boolean;
  readonly changes: readonly AlertChange[];
}

export interface FinishedDelivery {
  readonly deliveryId: string;
  readonly attempt: number;
  readonly status: "sent" | "failed" | "waiting";
  readonly nextAt: Date | null;
  readonly error: string | null;
}

export interface NoticeStore {
  /** Decides for at most `limit` changes in one transaction; answers how many there were. */
  route(limit: number, decide: (change: AlertChange) => readonly PlannedDelivery[], now: Date): Promise<number>;
  claim(now: Date, lostAt: Date, limit: number): Promise<readonly ClaimedDelivery[]>;
  finish(items: readonly FinishedDelivery[], now: Date): Promise<void>;
}

/** One line of the log of deliveries. */
export interface DeliveryEntry {
  readonly seq: number;
  readonly deliveryId: string;
  readonly channel: string;
  readonly kind: string;
  readonly status: string;
  readonly attempts: number;
  readonly changes: number;
  readonly firstAlertId: string | null;
  readonly nextAttemptAt: Date | null;
  readonly lastError: string | null;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
}

export interface DeliveryFilter {
  readonly channel?: string | undefined;
  readonly status?: string | undefined;
  readonly alertId?: string | undefined;
}

export interface DeliveryLog {
  /** Newest first, those before this number; at most `limit`. */
  log(filter: DeliveryFilter, before: number | null, limit: number): Promise<readonly DeliveryEntry[]>;
}

/** What a channel could not do. `permanent`: trying again is of no use. */
export class SendFailed extends Error {
  readonly permanent: boolean;

  constructor(message: string, options: { readonly permanent?: boolean; readonly cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = "SendFailed";
    this.permanent = options.permanent === true;
  }
}

export interface NoticeSender {
  /** @throws SendFailed. */
  send(delivery: ClaimedDelivery, now: Date): Promise<void>;
  /** Whether there is such a channel now. */
  knows(channel: string): boolean;
}

const ROUTE_LIMIT = 200;
const SEND_LIMIT = 20;
/** Longer than any channel's own time limit. */
const LEASE_MS = 60_000;

/**
 * Decides who is told of the changes that were written down; true when there may be more.
 *
 * @param told hears of each change once, after the decision is committed, whether or not anybody is told.
 */
export async function routeNotices(
  store: NoticeStore,
  plan: NoticePlan,
  now: Date,
  told: (changes: readonly AlertChange[]) => void = () => undefined,
): Promise<boolean> {
  // By id: a transaction that is run again decides again.
  const changes = new Map<number, AlertChange>();
  const decide = (change: AlertChange) => {
    changes.set(change.id, change);
    return planDeliveries(change, plan, now);
  };
  const routed = await store.route(ROUTE_LIMIT, decide, now);
  told([...changes.values()]);
  return routed === ROUTE_LIMIT;
}

/**
 * Sends what is due. An attempt is counted before it is made; one whose sender dies is made again with the same id. So
 * a message arrives at least once, and its receiver can tell a repetition.
 *
 * @param told hears how each attempt ended.
 * @returns true when there may be more.
 */
export async function sendNotices(
  store: NoticeStore,
  sender: NoticeSender,
  now: () => Date,
  told: (channel: string, status: FinishedDelivery["status"]) => void = () => undefined,
): Promise<boolean> {
  const began = now();
  const claimed = await store.claim(began, new Date(began.getTime() + LEASE_MS), SEND_LIMIT);
  await Promise.all(
    claimed.map(async (delivery) => {
      const result = await attempt(sender, delivery, now());
      await store.finish([result], now());
      told(delivery.channel, result.status);
    }),
  );
  return claimed.length === SEND_LIMIT;
}

async function attempt(sender: NoticeSender, delivery: ClaimedDelivery, now: Date): Promise<FinishedDelivery> {
  const { deliveryId, attempt: count } = delivery;
  const base = { deliveryId, attempt: count };
  // Nobody lived to tell how the last ones went: what kills its sender must not do so for ever.
  if (count > MAX_ATTEMPTS) return { ...base, status: "failed", nextAt: null, error: "given up" };
  try {
    await sender.send(delivery, now);
    return { ...base, status: "sent", nextAt: null, error: null };
  } catch (error) {
    const message = (error instanceof Error ? error.message : String(error)).slice(0, 500);
    const over = count >= MAX_ATTEMPTS || (error instanceof SendFailed && error.permanent);
    const nextAt = over ? null : new Date(now.getTime() + pauseAfter(count));
    return { ...base, status: over ? "failed" : "waiting", nextAt, error: message };
  }
}

/**
 * Sends one message to try a channel, past routes, quiet hours and the log.
 *
 * @throws CodedError channel_not_found, notification_failed.
 */
export async function tryChannel(
  sender: NoticeSender,
  channel: string,
  newId: () => string,
  now: Date,
): Promise<string> {
  if (!sender.knows(channel)) throw new CodedError("channel_not_found");
  const deliveryId = newId();
  const alert = {
    id: newId(),
    fingerprint: "test:test",
    rule: "test",
    family: "machinery",
    severity: "info",
    status: "open",
    userId: "",
    firstSeenAt: now.toISOString(),
    lastSeenAt: now.toISOString(),
    count: 1,
    evidence: JSON.stringify({ about: "somebody tries this channel" }),
  };
  const change = {
    id: 0,
    alertId: alert.id,
    kind: "raised",
    severity: "info",
    family: "machinery",
    at: now,
    alert,
  } as const;
  try {
    await sender.send({ deliveryId, channel, attempt: 1, isDigest: false, changes: [change] }, now);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new CodedError("notification_failed", { message: `${channel}: ${message}`, cause: error });
  }
  return deliveryId;
}
