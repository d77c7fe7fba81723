import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { AccountStatus, type CreditsChanged } from "@stipend/proto/events/credits/v1/events";
import { type MembershipChanged, MembershipCycle, MembershipStatus } from "@stipend/proto/events/membership/v1/events";
import { CreditsEvent, MembershipEvent } from "@stipend/proto/http/gateway";
import type { z } from "zod";

/** What a stream tells: the whole state of one side at one version. */
export type LiveState =
  | { readonly kind: "credits"; readonly userId: string; readonly version: number; readonly data: CreditsState }
  | { readonly kind: "membership"; readonly userId: string; readonly version: number; readonly data: MembershipState };

type CreditsState = z.output<typeof CreditsEvent>;
type MembershipState = z.output<typeof MembershipEvent>;

export function creditsState(event: CreditsChanged): LiveState {
  const { userId, transaction: change, allowance } = event;
  const version = Number(event.version);
  const data: CreditsState = {
    userId,
    balance: Number(event.balance),
    held: Number(event.held),
    available: Number(event.available),
    version,
    status: event.status === AccountStatus.FROZEN ? "frozen" : "active",
    allowance:
      allowance === undefined
        ? null
        : {
            tier: allowance.tier,
            monthlyCredits: Number(allowance.monthlyCredits),
            remaining: Number(allowance.remaining),
            nextResetAt: iso(allowance.nextResetAt),
          },
    transaction:
      change === undefined
        ? null
        : {
            id: change.id,
            type: change.type,
            amount: Number(change.amount),
            balanceBefore: Number(change.balanceBefore),
            balanceAfter: Number(change.balanceAfter),
            heldAfter: Number(change.heldAfter),
            reason: change.reason,
            feature: change.feature === "" ? null : change.feature,
            createdAt: iso(change.createdAt) ?? new Date(0).toISOString(),
          },
  };
  return { kind: "credits", userId, version, data };
}

const STATUS_NAMES: Readonly<Record<number, string>> = {
  [MembershipStatus.ACTIVE]: "active",
  [MembershipStatus.CANCELLED]: "cancelled",
  [MembershipStatus.EXPIRED]: "expired",
  [MembershipStatus.ENDED]: "ended",
};

const CYCLE_NAMES: Readonly<Record<number, string>> = {
  [MembershipCycle.MONTHLY]: "monthly",
  [MembershipCycle.YEARLY]: "yearly",
};

/** Who is no active member has no tier, as in GET /api/membership. */
export function membershipState(event: MembershipChanged): LiveState {
  const { userId, membership } = event;
  const version = Number(event.version);
  const active = membership?.status === MembershipStatus.ACTIVE;
  const terms = active ? membership.terms : undefined;
  const data: MembershipState = {
    userId,
    tier: terms?.tier ?? null,
    status: membership === undefined ? "none" : (STATUS_NAMES[membership.status] ?? "none"),
    cycle: membership === undefined ? null : (CYCLE_NAMES[membership.cycle] ?? null),
    startedAt: iso(membership?.startedAt),
    currentPeriodStart: iso(membership?.currentPeriodStart),
    currentPeriodEnd: iso(membership?.currentPeriodEnd),
    expiresAt: iso(membership?.expiresAt),
    cancelAtPeriodEnd: membership?.cancelAtPeriodEnd ?? false,
    pendingTier: membership?.pendingTerms?.tier ?? null,
    monthlyCredits: terms === undefined ? null : Number(terms.monthlyCredits),
    version,
  };
  return { kind: "membership", userId, version, data };
}

/** The body of GET /api/credits as a state; undefined when it is not one. */
export function creditsSnapshot(body: unknown): LiveState | undefined {
  const parsed = CreditsEvent.omit({ transaction: true }).safeParse(body);
  if (!parsed.success) return undefined;
  const data = { ...parsed.data, transaction: null };
  return { kind: "credits", userId: data.userId, version: data.version, data };
}

/** The body of GET /api/membership as a state; undefined when it is not one. */
export function membershipSnapshot(body: unknown): LiveState | undefined {
  const parsed = MembershipEvent.safeParse(body);
  if (!parsed.success) return undefined;
  return { kind: "membership", userId: parsed.data.userId, version: parsed.data.version, data: parsed.data };
}

function iso(timestamp: Timestamp | undefined): string | null {
  return timestamp === undefined ? null : timestampDate(timestamp).toISOString();
}
