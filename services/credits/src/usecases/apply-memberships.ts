import type { MembershipOperation, UserId } from "../domain/ledger.ts";
import { activeUntil, isActiveAt, type Membership, membershipToState } from "../domain/membership.ts";
import type { Clock, Ledger, LedgerSession } from "./ports.ts";
import { settleAllowances } from "./settle-allowances.ts";

/** A message of the membership topic. */
export interface MembershipNews {
  readonly eventId: string;
  readonly userId: UserId;
  /** The membership's version: the highest wins, whatever order they come in. */
  readonly version: number;
  readonly membership: Membership | null;
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

async function applyRound(
  session: LedgerSession,
  now: Date,
  round: readonly MembershipNews[],
  timeZone: string,
): Promise<void> {
  const states = await session.applyMembership(
    now,
    round.map((message) => operationOf(message, now)),
  );
  const traces = new Map(round.map((message) => [message.userId, message.traceparent]));
  await settleAllowances(session, now, states, { timeZone, traceparentOf: (userId) => traces.get(userId) });
}

function operationOf(message: MembershipNews, now: Date): MembershipOperation {
  const { membership } = message;
  return {
    userId: message.userId,
    version: message.version,
    state: membershipToState(membership),
    activeUntil: membership === null || !isActiveAt(membership, now) ? null : (activeUntil(membership) ?? "open"),
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
