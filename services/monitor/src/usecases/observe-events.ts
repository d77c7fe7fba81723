import { fingerprintOf } from "../domain/alerts.ts";
import type { CreditsChanged, MembershipChanged, MonitorEvent } from "../domain/events.ts";
import { phasesOf, type Step } from "../domain/phases.ts";
import { seeVersion } from "../domain/versions.ts";
import type { RuleBook } from "../rules/all.ts";
import { eventGap } from "../rules/event-gap.ts";
import type {
  AccountChange,
  Delivery,
  Episode,
  KnownAccount,
  Observation,
  ObserveStore,
  ObserveTransaction,
} from "./ports.ts";
import { progressOf, totalsOf } from "./traffic.ts";

/**
 * Looks at a batch of events with every rule, in one transaction with the inbox: an event counts once however often
 * it is delivered, and what it led to is there with it or not at all. All state is in the database, so a restart in
 * the middle changes nothing.
 *
 * @returns how many events were new.
 */
export async function observeEvents(
  store: ObserveStore,
  book: RuleBook,
  batch: readonly Delivery[],
  now: Date,
): Promise<number> {
  if (batch.length === 0) return 0;
  return await store.observe(async (tx) => {
    const unseen = new Set(await tx.unseen([...new Set(batch.map((delivery) => delivery.event.id))], now));
    // An event that stands twice in the batch is new the first time only.
    const fresh = batch.filter((delivery) => unseen.delete(delivery.event.id));
    const events = fresh.map((delivery) => delivery.event);
    const steps: Step[] = await followAccounts(tx, book, events);
    const observations: Observation[] = [];
    for (const event of events) look(book, event, steps, observations);
    if (observations.length > 0) steps.push(...judged(book, await tx.recordObservations(observations, now)));
    for (const phase of phasesOf(steps)) {
      if (phase.raise.length > 0) await tx.raise(phase.raise, now);
      if (phase.recover.length > 0) await tx.recover(phase.recover, now);
    }
    await tx.recordTraffic(progressOf(batch, fresh), totalsOf(events), now);
    return fresh.length;
  });
}

function look(book: RuleBook, event: MonitorEvent, steps: Step[], observations: Observation[]): void {
  for (const rule of book.active) {
    for (const signal of rule.observe(event)) {
      if (signal.kind === "finding") steps.push({ kind: "raise", finding: rule.finding(signal, event.at) });
      else if (signal.kind === "recovery") steps.push({ kind: "recover", recovery: rule.recovery(signal, event.at) });
      else if (rule.limit !== null) {
        const { subject, amount } = signal;
        const episodeMs = rule.recoverAfterMs ?? 0;
        observations.push({
          rule: rule.name,
          subject,
          at: event.at,
          eventId: event.id,
          amount,
          ...rule.limit,
          episodeMs,
        });
      }
    }
  }
}

function judged(book: RuleBook, episodes: readonly Episode[]): Step[] {
  const rules = new Map(book.active.map((rule) => [rule.name, rule]));
  return episodes.flatMap((episode) => {
    const rule = rules.get(episode.rule);
    return rule === undefined ? [] : [{ kind: "raise" as const, finding: rule.judge(episode) }];
  });
}

/** Brings the monitor's own picture of the accounts up to date; a gap that has closed ends its alert. */
async function followAccounts(
  tx: ObserveTransaction,
  book: RuleBook,
  events: readonly MonitorEvent[],
): Promise<Step[]> {
  const told = events.filter((event) => event.type === "credits_changed" || event.type === "membership_changed");
  if (told.length === 0) return [];
  const known = await tx.lockAccounts([...new Set(told.map((event) => event.userId))]);
  const changes = new Map<string, AccountChange>();
  const steps: Step[] = [];
  for (const event of told) {
    const before = changes.get(event.userId) ?? unchanged(known.get(event.userId), event.userId);
    if (event.type === "membership_changed") {
      changes.set(event.userId, withMembership(before, known.get(event.userId), event));
      continue;
    }
    const after = withCredits(before, event, book.jobs.eventGap.expectFirst);
    changes.set(event.userId, after);
    if (before.gapSince !== null && after.gapSince === null) {
      const fingerprint = fingerprintOf(eventGap.name, event.userId);
      steps.push({ kind: "recover", recovery: { fingerprint, at: event.at } });
    }
  }
  await tx.saveAccounts([...changes.values()]);
  return steps;
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
