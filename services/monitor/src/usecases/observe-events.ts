import { phasesOf, type Step } from "../domain/phases.ts";
import type { RuleBook } from "../rules/all.ts";
import { followAccounts } from "./follow-accounts.ts";
import { Gathered, type Weighing } from "./gather.ts";
import type { Delivery, Episode, ObserveStore, ObserveTransaction, TallyEpisode } from "./ports.ts";
import { progressOf, totalsOf } from "./traffic.ts";

export interface Surroundings {
  readonly now: Date;
  /** The business time zone. */
  readonly timeZone: string;
}

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
  { now, timeZone }: Surroundings,
): Promise<number> {
  if (batch.length === 0) return 0;
  return await store.observe(async (tx) => {
    const unseen = new Set(await tx.unseen([...new Set(batch.map((delivery) => delivery.event.id))], now));
    // An event that stands twice in the batch is new the first time only.
    const fresh = batch.filter((delivery) => unseen.delete(delivery.event.id));
    const events = fresh.map((delivery) => delivery.event);
    const followed = await followAccounts(tx, book, events, now);
    const gathered = new Gathered();
    for (const event of events) {
      const balanceBefore = followed.balancesBefore.get(event.id) ?? null;
      gathered.look(book, event, { timeZone, balanceBefore }, now);
    }
    const steps = [...followed.steps, ...gathered.steps, ...(await counted(tx, book, gathered, now))];
    for (const phase of phasesOf(steps)) {
      if (phase.raise.length > 0) await tx.raise(phase.raise, now);
      if (phase.recover.length > 0) await tx.recover(phase.recover, now);
    }
    await tx.recordTraffic(progressOf(batch, fresh), totalsOf(events), now);
    return fresh.length;
  });
}

/** What follows from the counts that the database keeps. */
async function counted(tx: ObserveTransaction, book: RuleBook, gathered: Gathered, now: Date): Promise<Step[]> {
  const { observations, tallies, weighings, values, expected, met } = gathered;
  const steps: Step[] = [];
  if (observations.length > 0) steps.push(...judged(book, await tx.recordObservations(observations, now)));
  if (tallies.length > 0) {
    const full = await withMembers(tx, book, await tx.recordTallies(tallies, now));
    steps.push(...judgedTallies(book, full));
  }
  if (weighings.length > 0) steps.push(...(await weighed(tx, weighings)));
  if (values.length > 0) {
    for (const { rule, subject, facet, value, firstAt } of await tx.recordValues(values, now)) {
      const seen = values.find(
        (each) => each.rule === rule && each.subject === subject && each.facet === facet && each.value === value,
      );
      const finding = book.byName.get(rule)?.finding(
        {
          subject: `${subject}/${facet}/${value}`,
          userId: null,
          severity: "warning",
          evidence: seen?.evidence ?? { actor: subject, facet, value, at: firstAt.toISOString() },
        },
        firstAt,
      );
      if (finding !== undefined) steps.push({ kind: "raise", finding });
    }
  }
  if (expected.length > 0 || met.length > 0) {
    for (const { rule, key } of await tx.recordExpectations(expected, met, now)) {
      const recovery = book.byName.get(rule)?.recovery(key, now);
      if (recovery !== undefined) steps.push({ kind: "recover", recovery });
    }
  }
  return steps;
}

function judged(book: RuleBook, episodes: readonly Episode[]): Step[] {
  return episodes.flatMap((episode) => {
    const rule = book.byName.get(episode.rule);
    return rule === undefined ? [] : [{ kind: "raise" as const, finding: rule.judge(episode) }];
  });
}

/** Evidence names at most so many members. */
const NAMED = 20;

async function withMembers(
  tx: ObserveTransaction,
  book: RuleBook,
  episodes: readonly TallyEpisode[],
): Promise<TallyEpisode[]> {
  const named: TallyEpisode[] = [];
  for (const episode of episodes) {
    const limit = book.byName.get(episode.rule)?.tally ?? null;
    const several = limit !== null && limit.minMembers > 1;
    named.push(several ? { ...episode, who: await tx.tallyMembers(episode, limit.widthMs, NAMED) } : episode);
  }
  return named;
}

export function judgedTallies(book: RuleBook, episodes: readonly TallyEpisode[]): Step[] {
  return episodes.flatMap((episode) => {
    const finding = book.byName.get(episode.rule)?.judgeTally(episode) ?? null;
    return finding === null ? [] : [{ kind: "raise" as const, finding }];
  });
}

async function weighed(tx: ObserveTransaction, weighings: readonly Weighing[]): Promise<Step[]> {
  const histories = await tx.tallyHistory(
    weighings.map(({ rule, signal, at }) => {
      const stepMs = rule.tally?.stepMs ?? 1;
      const beforeMs = Math.floor(at.getTime() / stepMs) * stepMs;
      const backMs = (rule.tally?.keepMs ?? 0) - LATENESS_MS;
      return { rule: rule.name, subject: signal.subject, fromMs: beforeMs - backMs, beforeMs };
    }),
  );
  return weighings.flatMap(({ rule, signal, at }, place) => {
    const finding = rule.weigh(signal, histories[place] ?? { events: 0, amount: 0 }, at);
    return finding === null ? [] : [{ kind: "raise" as const, finding }];
  });
}

/** Rules keep their steps so much longer than they look back. */
const LATENESS_MS = 7 * 86_400_000;
