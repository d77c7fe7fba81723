import type { Cycle, Member, Status } from "../domain/membership.ts";

/** A membership as callers see it. A user without an active membership has tier null; the rest tells what was. */
export interface MembershipView {
  readonly userId: string;
  readonly tier: string | null;
  readonly status: Status | "none";
  readonly cycle: Cycle | null;
  readonly startedAt: string | null;
  readonly currentPeriodStart: string | null;
  readonly currentPeriodEnd: string | null;
  readonly expiresAt: string | null;
  readonly cancelAtPeriodEnd: boolean;
  readonly pendingTier: string | null;
  readonly pendingCycle: Cycle | null;
  readonly monthlyCredits: number | null;
  readonly lastTier: string | null;
  readonly endedAt: string | null;
  readonly membershipId: string | null;
  readonly version: number;
}

export function viewOf(member: Member): MembershipView {
  const { userId, version, membership } = member;
  const active = membership?.status === "active";
  return {
    userId,
    tier: membership !== null && active ? membership.terms.tier : null,
    status: membership?.status ?? "none",
    cycle: membership?.cycle ?? null,
    startedAt: iso(membership?.startedAt),
    currentPeriodStart: iso(membership?.currentPeriodStart),
    currentPeriodEnd: iso(membership?.currentPeriodEnd),
    expiresAt: iso(membership?.expiresAt),
    cancelAtPeriodEnd: membership !== null && active && membership.cancelAtPeriodEnd,
    pendingTier: active ? (membership?.pendingTerms?.tier ?? null) : null,
    pendingCycle: active ? (membership?.pendingCycle ?? null) : null,
    monthlyCredits: membership !== null && active ? membership.terms.monthlyCredits : null,
    lastTier: membership?.terms.tier ?? null,
    endedAt: iso(membership?.endedAt),
    membershipId: membership?.membershipId ?? null,
    version,
  };
}

function iso(date: Date | null | undefined): string | null {
  return date?.toISOString() ?? null;
}
