import { fingerprintOf } from "../domain/alerts.ts";
import type { CreditsChanged, MembershipChanged, MonitorEvent } from "../domain/events.ts";
import { allowanceFactOf, termsFactOf } from "../domain/member-facts.ts";
import type { Step } from "../domain/phases.ts";
import { seeVersion } from "../domain/versions.ts";
import type { RuleBook } from "../rules/all.ts";
import { eventGap } from "../rules/event-gap.ts";
import type { AccountChange, KnownAccount, MemberNews, ObserveTransaction } from "./ports.ts";

/** How long the other topics may be behind before a member is looked at. */
const SETTLE_MS = 60_000;

export interface Followed {
  readonly steps: readonly Step[];
  /** By event id: the account's balance by the version before; absent: that version was not seen. */
  readonly balancesBefore: ReadonlyMap<string, number>;
}

type Told = CreditsChanged | MembershipChanged;

/** Brings the monitor's own picture of the accounts up to date; a gap that has closed ends its alert. */
export async function followAccounts(
  tx: ObserveTransaction,
  book: RuleBook,
  events: readonly MonitorEvent[],
  now: Date,
): Promise<Followed> {
  const steps: Step[] = [];
  const balancesBefore = new Map<string, number>();
  const told = events.filter(
    (event): event is Told => event.type === "credits_changed" || event.type === "membership_changed",
  );
  if (told.length === 0) return { steps, balancesBefore };
  const known = await tx.lockAccounts([...new Set(told.map((event) => event.userId))]);
  const changes = new Map<string, AccountChange>();
  for (const event of told) {
    const before = changes.get(event.userId) ?? unchanged(known.get(event.userId), event.userId);
    if (event.type === "membership_changed") {
      changes.set(event.userId, withMembership(before, known.get(event.userId), event));
      continue;
    }
    if (before.version > 0 && event.version === before.version + 1) {
      balancesBefore.set(event.id, before.credits?.balance ?? known.get(event.userId)?.balance ?? 0);
    }
    const after = withCredits(before, event, book.jobs.eventGap.expectFirst);
    changes.set(event.userId, after);
    if (before.gapSince !== null && after.gapSince === null) {
      const fingerprint = fingerprintOf(eventGap.name, event.userId);
      steps.push({ kind: "recover", recovery: { fingerprint, at: event.at } });
    }
  }
  await tx.saveAccounts([...changes.values()]);
  const news = memberNews(told, now);
  if (news.inspect.length > 0) await tx.saveMemberFacts(news);
  return { steps, balancesBefore };
}

function memberNews(told: readonly Told[], now: Date): MemberNews {
  const terms: MemberNews["terms"][number][] = [];
  const allowances: MemberNews["allowances"][number][] = [];
  for (const event of told) {
    const { userId } = event;
    if (event.type === "membership_changed") {
      const fact = termsFactOf(event);
      if (fact !== null) terms.push({ userId, fact });
    } else {
      const fact = allowanceFactOf(event);
      if (fact !== null) allowances.push({ userId, fact });
    }
  }
  const users = new Set([...terms, ...allowances].map(({ userId }) => userId));
  const at = new Date(now.getTime() + SETTLE_MS);
  return { terms, allowances, inspect: [...users].map((userId) => ({ userId, at })) };
}

function unchanged(known: KnownAccount | undefined, userId: string): AccountChange {
  const seen = known ?? { version: 0, missing: [], gapSince: null };
  return {
    userId,
    version: seen.version,
    missing: seen.missing,
    gapSince: seen.gapSince,
    credits: null,
    membership: null,
  };
}

function withCredits(before: AccountChange, event: CreditsChanged, expectFirst: boolean): AccountChange {
  const seen = seeVersion(before, event.version, event.at, expectFirst);
  const newest = event.version > before.version;
  const { balance, held, status, at } = event;
  return {
    ...before,
    version: seen.version,
    missing: seen.missing,
    gapSince: seen.gapSince,
    credits: newest ? { balance, held, status, at } : before.credits,
  };
}

function withMembership(
  before: AccountChange,
  known: KnownAccount | undefined,
  event: MembershipChanged,
): AccountChange {
  const highest = before.membership?.version ?? known?.membershipVersion ?? 0;
  if (event.version <= highest) return before;
  const { version, status, tier, periodEnd, endsAt } = event;
  return { ...before, membership: { version, status, tier, periodEnd, endsAt } };
}
