import type { MembershipOperation, UserId } from "../domain/ledger.ts";
import { activeUntil, type Membership, membershipToState } from "../domain/membership.ts";
import type { Clock, Ledger, LedgerSession } from "./ports.ts";
import { settleAllowances } from "./settle-allowances.ts";

/** A message of the membership topic. */
export interface MembershipNews {
  readonly eventId: string;
  readonly userId: UserId;
  /** The membership's version: the highest wins, whatever order they come in. */
  readonly version: number;
  readonly membership: Membership | null;
  /** When the change was made; long ago if credits was away meanwhile. */
  readonly occurredAt: Date;
  readonly traceparent?: string | undefined;
}

export interface ApplyMembershipsPorts {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly timeZone: string;
}

/** The name under which the inbox keeps what this consumer has seen. */
const CONSUMER = "credits.membership";

/**
 * Takes what membership tells into the ledger's copy and gives, resets or takes what follows from it, all in one
 * transaction with the inbox: a message that comes again changes nothing, one that comes late is older than the copy.
 */
export async function applyMemberships(ports: ApplyMembershipsPorts, news: readonly MembershipNews[]): Promise<void> {
  await ports.ledger.write("membership", async (session) => {
    const now = ports.clock.now();
    const fresh = await session.recordInbox(
      CONSUMER,
      news.map((message) => message.eventId),
      now,
    );
    for (const round of rounds(news.filter((message) => fresh.has(message.eventId)))) {
      await applyRound(session, now, round, ports.timeZone);
    }
  });
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
  round: readonly MembershipNews[],
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
function operationOf(message: MembershipNews): MembershipOperation {
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
function rounds(news: readonly MembershipNews[]): readonly (readonly MembershipNews[])[] {
  const byUser = Map.groupBy(news, (message) => message.userId);
  const split: MembershipNews[][] = [];
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
