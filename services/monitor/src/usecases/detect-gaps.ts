import type { RuleBook } from "../rules/all.ts";
import { judgeGap } from "../rules/event-gap.ts";
import type { GapStore } from "./ports.ts";

const LIMIT = 500;

/** Raises an alert for every account of which a version has been missing for longer than the grace. */
export async function detectGaps(store: GapStore, book: RuleBook, now: Date): Promise<number> {
  const settings = book.jobs.eventGap;
  if (!settings.enabled) return 0;
  const gaps = await store.gaps(new Date(now.getTime() - settings.graceSeconds * 1_000), LIMIT);
  if (gaps.length === 0) return 0;
  await store.alerting((tx) =>
    tx.raise(
      gaps.map((gap) => judgeGap(gap, settings)),
      now,
    ),
  );
  return gaps.length;
}
