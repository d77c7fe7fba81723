import type { Finding } from "../domain/alerts.ts";
import { phasesOf } from "../domain/phases.ts";
import type { RuleBook } from "../rules/all.ts";
import { judgedTallies } from "./observe-events.ts";
import type { SettleStore, SettleTransaction, TallyEpisode } from "./ports.ts";

const LIMIT = 500;

/**
 * Judges what only time completes: steps that are over, for rules that more events could silence, and events that
 * nothing has explained in time.
 *
 * @returns true when there may be more.
 */
export async function settleWindows(store: SettleStore, book: RuleBook, now: Date): Promise<boolean> {
  const rules = book.active.flatMap(({ name, tally }) =>
    tally === null || tally.settleMs === null ? [] : [{ rule: name, widthMs: tally.widthMs }],
  );
  return await store.settling(async (tx) => {
    // Alerts last, as where events are observed: one order of locks for all.
    const windows = await tx.settleTallies(rules, now, LIMIT);
    const missed = await tx.missExpectations(now, LIMIT);
    const counted = await withoutCrowds(tx, book, windows);
    for (const phase of phasesOf(judgedTallies(book, counted))) await tx.raise(phase.raise, now);
    const findings = missed.flatMap(({ rule, key, userId, at, evidence }): Finding[] => {
      const active = book.byName.get(rule);
      return active === undefined ? [] : [active.finding({ subject: key, userId, severity: "critical", evidence }, at)];
    });
    if (findings.length > 0) await tx.raise(findings, now);
    return windows.length >= LIMIT || missed.length >= LIMIT;
  });
}

/**
 * The windows without what happened to many others at the same time. Asked only of those that would be told of: in
 * ordinary times there are few.
 */
async function withoutCrowds(
  tx: Pick<SettleTransaction, "markedWithOthers">,
  book: RuleBook,
  windows: readonly TallyEpisode[],
): Promise<readonly TallyEpisode[]> {
  const counted = [...windows];
  for (const { name, crowd, tally, judgeTally } of book.active) {
    if (crowd === null || tally === null) continue;
    const places = windows.flatMap((each, place) => (each.rule === name && judgeTally(each) !== null ? [place] : []));
    if (places.length === 0) continue;
    const asked = places.flatMap((place) => {
      const window = windows[place];
      if (window === undefined) return [];
      const toMs = window.lastAt.getTime();
      return [{ member: window.subject, fromMs: toMs - tally.widthMs, toMs }];
    });
    const excused = await tx.markedWithOthers(name, asked, crowd);
    places.forEach((place, nth) => {
      const window = windows[place];
      const less = excused[nth] ?? 0;
      if (window === undefined || less === 0) return;
      counted[place] = { ...window, marked: window.marked - less, amount: window.amount - less };
    });
  }
  return counted;
}
