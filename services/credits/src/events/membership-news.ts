import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { type IncomingEvent, messageOf, PoisonEvent } from "@stipend/platform/kafka/events";
import {
  AllowanceAnchor,
  FirstPeriod,
  MembershipChangedSchema,
  MembershipCycle,
  type Membership as MembershipMessage,
  MembershipStatus,
  OnExpiry,
  type TierTerms as TierTermsMessage,
} from "@stipend/proto/events/membership/v1/events";
import { Code, UserId } from "@stipend/proto/http/common";
import type { Cycle, Membership, MembershipStatus as Status, TierTerms } from "../domain/membership.ts";
import type { MembershipNews } from "../usecases/apply-memberships.ts";

const STATUSES: Readonly<Record<MembershipStatus, Status | undefined>> = {
  [MembershipStatus.UNSPECIFIED]: undefined,
  [MembershipStatus.ACTIVE]: "active",
  [MembershipStatus.CANCELLED]: "cancelled",
  [MembershipStatus.EXPIRED]: "expired",
  [MembershipStatus.ENDED]: "ended",
};

/**
 * What a membership event means here.
 * @throws PoisonEvent when something is missing or malformed without which no allowance can be right.
 */
export function membershipNews(event: IncomingEvent): MembershipNews | null {
  const changed = messageOf(event, MembershipChangedSchema);
  if (changed === undefined) return null;
  try {
    return {
      eventId: event.id,
      userId: matching(UserId, changed.userId, "user_id"),
      version: safe(changed.version, "version"),
      membership: changed.membership === undefined ? null : membershipOf(changed.membership),
      occurredAt: changed.occurredAt === undefined ? event.time : timestampDate(changed.occurredAt),
      traceparent: event.traceparent,
    };
  } catch (error) {
    throw new PoisonEvent(event.id, error instanceof Error ? error.message : String(error));
  }
}

function membershipOf(message: MembershipMessage): Membership {
  return {
    membershipId: message.membershipId,
    status: present(STATUSES[message.status], "status"),
    cycle: present(cycleOf(message.cycle), "cycle"),
    terms: termsOf(present(message.terms, "terms")),
    pendingTerms: message.pendingTerms === undefined ? null : termsOf(message.pendingTerms),
    pendingCycle: cycleOf(message.pendingCycle) ?? null,
    startedAt: moment(message.startedAt, "started_at"),
    currentPeriodStart: moment(message.currentPeriodStart, "current_period_start"),
    currentPeriodEnd: moment(message.currentPeriodEnd, "current_period_end"),
    expiresAt: message.expiresAt === undefined ? null : timestampDate(message.expiresAt),
    cancelAtPeriodEnd: message.cancelAtPeriodEnd,
    endedAt: message.endedAt === undefined ? null : timestampDate(message.endedAt),
  };
}

function termsOf(message: TierTermsMessage): TierTerms {
  return {
    tier: matching(Code, message.tier, "tier"),
    monthlyCredits: safe(message.monthlyCredits, "monthly_credits"),
    anchor: message.anchor === AllowanceAnchor.ANNIVERSARY ? "anniversary" : "calendar",
    firstPeriod: message.firstPeriod === FirstPeriod.PRORATED ? "prorated" : "full",
    rolloverCap: safe(message.rolloverCap, "rollover_cap"),
    onExpiry: message.onExpiry === OnExpiry.FORFEIT ? "forfeit" : "keep",
    rank: message.rank,
  };
}

function cycleOf(cycle: MembershipCycle): Cycle | undefined {
  if (cycle === MembershipCycle.MONTHLY) return "monthly";
  return cycle === MembershipCycle.YEARLY ? "yearly" : undefined;
}

/** As the doors of HTTP take it: the ledger's SQL writes these two into JSON as they are. */
function matching(schema: typeof UserId | typeof Code, text: string, field: string): string {
  const { success, data, error } = schema.safeParse(text);
  if (!success) throw new Error(`${field} ${error.issues[0]?.message ?? "is not one"}`);
  return data;
}

function present<T>(value: T | undefined, field: string): T {
  if (value === undefined) throw new Error(`${field} is missing`);
  return value;
}

function moment(timestamp: Timestamp | undefined, field: string): Date {
  return timestampDate(present(timestamp, field));
}

function safe(value: bigint, field: string): number {
  if (value < 0n || value > BigInt(Number.MAX_SAFE_INTEGER)) throw new Error(`${field} is out of range`);
  return Number(value);
}
