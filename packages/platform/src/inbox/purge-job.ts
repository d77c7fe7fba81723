import type { Clock } from "../clock/clock.ts";
import { IntervalJob } from "../jobs/interval.ts";
import type { Log } from "../log/log.ts";
import type { Database } from "../mysql/database.ts";
import { INBOX_RETENTION_MS } from "./retention.ts";

const LIMIT = 2_000;

/** Forgets inbox rows that no delivery can meet any more. Harmless to run in every instance. */
export function inboxPurgeJob(options: { db: Database; clock: Clock; log: Log }): IntervalJob {
  const { db, clock, log } = options;
  return new IntervalJob({
    name: "inbox-purge",
    everyMs: 10 * 60_000,
    log,
    run: async () => {
      // A developer's clock that was moved ahead must not forget what Kafka still holds.
      const now = Math.min(Date.now(), clock.now().getTime());
      const [row] = await db.call<{ purged: number }>("InboxPurge", new Date(now - INBOX_RETENTION_MS), LIMIT);
      return (row?.purged ?? 0) >= LIMIT;
    },
  });
}
