import { monthsAfter } from "./calendar.ts";
import type { CreditsChanged, MembershipChanged } from "./events.ts";

/** One version of a membership, as an event told it. */
export interface TermsFact {
  readonly version: number;
  /** When it came to be so. */
  readonly at: Date;
  readonly membershipId: string;
  readonly status: string;
  readonly cycle: "monthly" | "yearly";
  readonly tier: string;
  readonly monthlyCredits: number;
  readonly rolloverCap: number;
  readonly anchor: "calendar" | "anniversary";
  readonly firstPeriod: "full" | "prorated";
  readonly startedAt: Date;
  readonly periodStart: Date;
  readonly periodEnd: Date;
  readonly expiresAt: Date | null;
  readonly cancelAtPeriodEnd: boolean;
  readonly endedAt: Date | null;
}

/** One ledger row that served an allowance period. */
export interface AllowanceFact {
  readonly version: number;
  readonly at: Date;
  readonly type: "reset" | "grant";
  readonly amount: number;
  /** Of the allowance, right after the row; null: the member had left by then. */
  readonly remaining: number | null;
  readonly heldAfter: number;
  readonly periodStart: Date;
  readonly nextResetAt: Date | null;
  readonly actor: string;
  readonly transactionId: string;
  readonly traceId: string;
}

/** All that is known of one member; both lists in order of version. */
export interface MemberFacts {
  readonly userId: string;
  readonly terms: readonly TermsFact[];
  readonly allowances: readonly AllowanceFact[];
}

export function termsFactOf(event: MembershipChanged): TermsFact | null {
  const { terms, version, at, status, tier, periodEnd, endsAt } = event;
  if (terms === null || status === null || periodEnd === null) return null;
  return { ...terms, version, at, status, tier: tier ?? "", periodEnd, expiresAt: endsAt };
}

export function allowanceFactOf(event: CreditsChanged): AllowanceFact | null {
  const { transaction, allowance, version, at, traceId } = event;
  const { type, periodStart } = transaction;
  if (periodStart === null || (type !== "reset" && type !== "grant")) return null;
  return {
    version,
    at,
    type,
    amount: transaction.amount,
    remaining: allowance?.remaining ?? null,
    heldAfter: transaction.heldAfter,
    periodStart,
    nextResetAt: allowance?.nextResetAt ?? null,
    actor: transaction.actor,
    transactionId: transaction.id,
    traceId,
  };
}

/** The newest version; null: nothing is known. */
export function newestOf(facts: MemberFacts): TermsFact | null {
  return facts.terms.at(-1) ?? null;
}

/** When the membership stops by itself, as agreed in this version; null: it renews. */
export function agreedEnd(terms: TermsFact): Date | null {
  const { cancelAtPeriodEnd, periodEnd, expiresAt } = terms;
  if (!cancelAtPeriodEnd) return expiresAt;
  return expiresAt !== null && expiresAt < periodEnd ? expiresAt : periodEnd;
}

/** Whether it gives something at this moment, by what this version says. */
export function isActiveAt(terms: TermsFact, at: Date): boolean {
  if (at < terms.startedAt) return false;
  if (terms.status !== "active") return terms.endedAt !== null && at < terms.endedAt;
  const end = agreedEnd(terms);
  return end === null || at < end;
}

/** The versions that held at some moment between `from` and `to`. */
export function termsBetween(facts: MemberFacts, from: Date, to: Date): readonly TermsFact[] {
  return facts.terms.filter((terms, place) => {
    const next = facts.terms[place + 1];
    return terms.at <= to && (next === undefined || next.at >= from);
  });
}

/** Until when what an allowance served lasts: as credits says, else a month. */
export function servedUntil(allowance: AllowanceFact, timeZone: string): Date {
  return allowance.nextResetAt ?? monthsAfter(allowance.periodStart, 1, timeZone);
}

/** Since when the monitor has known this member: before that it cannot know what was given. */
export function knownSince(facts: MemberFacts): Date | null {
  return facts.terms[0]?.at ?? null;
}
