import type { Finding } from "../domain/alerts.ts";
import { phasesOf } from "../domain/phases.ts";
import type { RuleBook } from "../rules/all.ts";
import { judgedTallies } from "./observe-events.ts";
import type { SettleStore } from "./ports.ts";

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
    for (const phase of phasesOf(judgedTallies(book, windows))) await tx.raise(phase.raise, now);
    const findings = missed.flatMap(({ rule, key, userId, at, evidence }): Finding[] => {
      const active = book.byName.get(rule);
      return active === undefined ? [] : [active.finding({ subject: key, userId, severity: "critical", evidence }, at)];
    });
    if (findings.length > 0) await tx.raise(findings, now);
    return windows.length >= LIMIT || missed.length >= LIMIT;
  });
}
