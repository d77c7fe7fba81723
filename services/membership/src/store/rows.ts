import type { Cycle, Member, Membership, Status, Tier, TierTerms } from "../domain/membership.ts";

/** The columns of membership_current; NULL throughout for a user who was never a member. */
export interface MembershipRow {
  readonly user_id: string;
  readonly membership_version: number;
  readonly membership_id: string | null;
  readonly status: Status;
  readonly cycle: Cycle;
  readonly tier: string;
  readonly monthly_credits: number;
  readonly tier_rank: number;
  readonly anchor: TierTerms["anchor"];
  readonly first_period: TierTerms["firstPeriod"];
  readonly rollover_cap: number;
  readonly on_expiry: TierTerms["onExpiry"];
  readonly pending_tier: string | null;
  readonly pending_monthly_credits: number;
  readonly pending_tier_rank: number;
  readonly pending_anchor: TierTerms["anchor"];
  readonly pending_first_period: TierTerms["firstPeriod"];
  readonly pending_rollover_cap: number;
  readonly pending_on_expiry: TierTerms["onExpiry"];
  readonly pending_cycle: Cycle | null;
  readonly started_at: Date;
  readonly period_start: Date;
  readonly period_end: Date;
  readonly expires_at: Date | null;
  readonly cancel_at_period_end: number;
  readonly ended_at: Date | null;
}

export function memberOf(row: MembershipRow): Member {
  return { userId: row.user_id, version: Number(row.membership_version), membership: membershipOf(row) };
}

export function membershipOf(row: MembershipRow): Membership | null {
  if (row.membership_id === null) return null;
  return {
    membershipId: row.membership_id,
    status: row.status,
    cycle: row.cycle,
    terms: {
      tier: row.tier,
      monthlyCredits: Number(row.monthly_credits),
      rank: row.tier_rank,
      anchor: row.anchor,
      firstPeriod: row.first_period,
      rolloverCap: Number(row.rollover_cap),
      onExpiry: row.on_expiry,
    },
    pendingTerms: pendingTermsOf(row),
    pendingCycle: row.pending_cycle,
    startedAt: row.started_at,
    currentPeriodStart: row.period_start,
    currentPeriodEnd: row.period_end,
    expiresAt: row.expires_at,
    cancelAtPeriodEnd: row.cancel_at_period_end === 1,
    endedAt: row.ended_at,
  };
}

function pendingTermsOf(row: MembershipRow): TierTerms | null {
  if (row.pending_tier === null) return null;
  return {
    tier: row.pending_tier,
    monthlyCredits: Number(row.pending_monthly_credits),
    rank: row.pending_tier_rank,
    anchor: row.pending_anchor,
    firstPeriod: row.pending_first_period,
    rolloverCap: Number(row.pending_rollover_cap),
    onExpiry: row.pending_on_expiry,
  };
}

export interface TierRow {
  readonly tier: string;
  readonly display_name: string;
  readonly monthly_credits: number;
  readonly tier_rank: number;
  readonly anchor: TierTerms["anchor"];
  readonly first_period: TierTerms["firstPeriod"];
  readonly rollover_cap: number;
  readonly on_expiry: TierTerms["onExpiry"];
  readonly features: unknown;
  readonly offered: number;
  readonly version: number;
}

export function tierOf(row: TierRow, features: readonly string[]): Tier {
  return {
    tier: row.tier,
    displayName: row.display_name,
    monthlyCredits: Number(row.monthly_credits),
    rank: row.tier_rank,
    anchor: row.anchor,
    firstPeriod: row.first_period,
    rolloverCap: Number(row.rollover_cap),
    onExpiry: row.on_expiry,
    features,
    offered: row.offered === 1,
    version: Number(row.version),
  };
}

/** A moment as JSON_TABLE reads it into a DATETIME(3): UTC, without zone. Null and undefined stay out of the JSON. */
export function sqlTime(date: Date | null | undefined): string | undefined {
  return date?.toISOString().replace("T", " ").replace("Z", "");
}
