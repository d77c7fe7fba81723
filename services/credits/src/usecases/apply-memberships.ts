import { ServiceUnavailable } from "@stipend/platform/errors/coded";
import type { MembershipOperation } from "../domain/ledger/allowance.ts";
import type { UserId } from "../domain/ledger/terms.ts";
import { activeUntil, membershipToState } from "../domain/membership.ts";
import type { Clock, Ledger, LedgerSession, MembershipTold, MembershipWaiting, OverdueUser } from "./ports.ts";
import { settleAllowances } from "./settle-allowances.ts";

/** A message of the membership topic. */
export interface MembershipNews extends MembershipTold {
  readonly eventId: string;
}

export interface ApplyMembershipsPorts {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly timeZone: string;
  /** How long news waits for the news before it, in milliseconds. 0, and left out: it is applied as it comes. */
  readonly patienceMs?: number | undefined;
}

/** The name under which the inbox keeps what this consumer has seen. */
const CONSUMER = "credits.membership";
/** Users whose news has waited too long that one look takes on. */
const OVERDUE_PAGE = 500;

/**
 * Takes what membership tells into the ledger's copy and gives, resets or takes what follows from it, all in one
 * transaction with the inbox: a message that comes again changes nothing, one that comes late is older than the copy. One
 * that comes early waits for those before it, so that whatever order they come in, the same is given as in order.
 */
export async function applyMemberships(ports: ApplyMembershipsPorts, news: readonly MembershipNews[]): Promise<void> {
  await ports.ledger.write("membership", async (session) => {
    const now = ports.clock.now();
    const fresh = await session.recordInbox(
      CONSUMER,
      news.map((message) => message.eventId),
      now,
    );
    const told = news.filter((message) => fresh.has(message.eventId));
    await takeIn(ports, session, now, told, isPatient(ports));
  });
}

/**
 * Applies news that has waited too long: what should have come before it is taken for lost. A user at a time, so that
 * one whose news can't be applied holds up nobody else. Each look goes on behind the last user of the one before, to the end and
 * from the first again: were it always from the first, some hundred that can't be applied would keep all others waiting.
 */
export class OverdueNews {
  readonly #ports: ApplyMembershipsPorts;
  readonly #failed: (userId: UserId, error: unknown) => void;
  #reached: OverdueUser | null = null;

  /** @param failed told of each user whose news could not be applied; it is tried again in the next round. */
  constructor(ports: ApplyMembershipsPorts, failed: (userId: UserId, error: unknown) => void) {
    this.#ports = ports;
    this.#failed = failed;
  }

  /**
   * @returns how many users' news was applied, of at most 500.
   * @throws ServiceUnavailable when the database is away or a user is in somebody's hands for long; the next look passes over that one.
   */
  async look(signal: AbortSignal): Promise<number> {
    const { ledger, clock, patienceMs = 0 } = this.#ports;
    if (!isPatient(this.#ports)) return 0;
    const before = new Date(clock.now().getTime() - patienceMs);
    const page = await ledger.read("membership.overdue", (session) =>
      session.overdueMemberships(before, OVERDUE_PAGE, this.#reached),
    );
    let applied = 0;
    for (const user of page) {
      if (signal.aborted) return applied;
      this.#reached = user;
      if (await this.#apply(user.userId)) applied += 1;
    }
    if (page.length < OVERDUE_PAGE) this.#reached = null;
    return applied;
  }

  async #apply(userId: UserId): Promise<boolean> {
    const { ledger, clock } = this.#ports;
    try {
      await ledger.write("membership.overdue", (session) =>
        takeIn(this.#ports, session, clock.now(), [], false, [userId]),
      );
      return true;
    } catch (error) {
      if (error instanceof ServiceUnavailable) throw error;
      this.#failed(userId, error);
      return false;
    }
  }
}

function isPatient({ patienceMs = 0 }: ApplyMembershipsPorts): boolean {
  return patienceMs > 0;
}

async function takeIn(
  ports: ApplyMembershipsPorts,
  session: LedgerSession,
  now: Date,
  news: readonly MembershipTold[],
  patient: boolean,
  userIds: readonly UserId[] = [...new Set(news.map((message) => message.userId))].toSorted(),
): Promise<void> {
  if (userIds.length === 0) return;
  if (!isPatient(ports)) return applyInOrder(session, now, news, ports.timeZone);
  const states = await session.loadDue(now, userIds);
  const known = new Map(states.map(({ userId, membershipVersion }) => [userId, membershipVersion ?? 0]));
  const waiting = await session.takeMemberships(userIds);
  const all = [...waiting, ...news.map((message) => ({ ...message, receivedAt: now }))];
  const { ready, early } = sorted(all, known, patient);
  if (early.length > 0) await session.keepMemberships(early);
  await applyInOrder(session, now, ready, ports.timeZone);
}

/** By user and version, each once: those that follow on what is known, and those that have to wait. Old news is left out. */
function sorted(
  all: readonly MembershipWaiting[],
  known: ReadonlyMap<UserId, number>,
  patient: boolean,
): { readonly ready: readonly MembershipWaiting[]; readonly early: readonly MembershipWaiting[] } {
  const ready: MembershipWaiting[] = [];
  const early: MembershipWaiting[] = [];
  for (const [userId, messages] of [...Map.groupBy(all, (message) => message.userId)].sort(byUser)) {
    let reached = known.get(userId) ?? 0;
    for (const message of messages.toSorted((a, b) => a.version - b.version)) {
      if (message.version <= reached) continue;
      if (patient && message.version > reached + 1) {
        if (early.at(-1)?.userId !== userId || early.at(-1)?.version !== message.version) early.push(message);
        continue;
      }
      ready.push(message);
      reached = message.version;
    }
  }
  return { ready, early };
}

function byUser([a]: readonly [UserId, unknown], [b]: readonly [UserId, unknown]): number {
  return a < b ? -1 : 1;
}

async function applyInOrder(
  session: LedgerSession,
  now: Date,
  news: readonly MembershipTold[],
  timeZone: string,
): Promise<void> {
  for (const round of rounds(news)) await applyRound(session, now, round, timeZone);
}

/**
 * Each message is judged as of the moment its change was made: first what fell due until then under the state before it,
 * then what follows from it. So a history that arrives weeks late gives what it would have given in time, and a
 * membership that is over by now is not taken for a running one. What fell due since is left to the next touch or sweep:
 * the next message may already say that there is nothing to give.
 */
async function applyRound(
  session: LedgerSession,
  now: Date,
  round: readonly MembershipTold[],
  timeZone: string,
): Promise<void> {
  const news = new Map(round.map((message) => [message.userId, message]));
  const atOf = (userId: UserId) =>
    new Date(Math.min(now.getTime(), news.get(userId)?.occurredAt.getTime() ?? Infinity));
  const options = { timeZone, traceparentOf: (userId: UserId) => news.get(userId)?.traceparent, atOf };

  // The first version of a membership has no state before it.
  const known = round.filter((message) => message.version > 1).map((message) => message.userId);
  if (known.length > 0) {
    const before = await session.loadDue(now, known);
    const due = before.filter(
      ({ userId, membershipVersion, dueAt }) =>
        membershipVersion !== null &&
        membershipVersion < (news.get(userId)?.version ?? 0) &&
        dueAt !== null &&
        dueAt <= atOf(userId),
    );
    await settleAllowances(session, now, due, options);
  }
  const states = await session.applyMembership(now, round.map(operationOf));
  const applied = states.filter((state) => state.outcome === "applied");
  await settleAllowances(session, now, applied, options);
}

/** The ledger compares `activeUntil` with its own now; whether the membership has begun is never judged here. */
function operationOf(message: MembershipTold): MembershipOperation {
  const { membership } = message;
  return {
    userId: message.userId,
    version: message.version,
    state: membershipToState(membership),
    activeUntil: membership === null ? null : (activeUntil(membership) ?? "open"),
  };
}

/**
 * Messages split so that each user stands once in a round, in order of version: a month in which somebody went up and
 * left again is served as the month it was, in one batch or in two.
 */
function rounds(news: readonly MembershipTold[]): readonly (readonly MembershipTold[])[] {
  const byUser = Map.groupBy(news, (message) => message.userId);
  const split: MembershipTold[][] = [];
  for (const messages of byUser.values()) {
    messages
      .sort((a, b) => a.version - b.version)
      .forEach((message, index) => {
        split[index] ??= [];
        split[index].push(message);
      });
  }
  return split;
}
