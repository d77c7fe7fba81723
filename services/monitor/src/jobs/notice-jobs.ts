import type { Clock } from "@stipend/platform/clock/clock";
import { IntervalJob } from "@stipend/platform/jobs/interval";
import type { Log } from "@stipend/platform/log/log";
import type { NotificationSettings } from "../settings/notifications.ts";
import type { MonitorCounts } from "../usecases/counts.ts";
import { type NoticeSender, type NoticeStore, routeNotices, sendNotices } from "../usecases/notices.ts";

export interface NoticeJobsOptions {
  readonly store: NoticeStore;
  readonly sender: NoticeSender;
  readonly settings: () => NotificationSettings;
  readonly counts: MonitorCounts;
  readonly clock: Clock;
  readonly log: Log;
}

/** Decides, then sends. Harmless in several instances at once. */
export function noticeJobs({ store, sender, settings, counts, clock, log }: NoticeJobsOptions): IntervalJob[] {
  const send = new IntervalJob({
    name: "send-notices",
    everyMs: 2_000,
    log,
    run: () => sendNotices(store, sender, () => clock.now(), counts.delivery),
  });
  const route = new IntervalJob({
    name: "route-notices",
    everyMs: 1_000,
    log,
    run: () => routeNotices(store, settings(), clock.now(), counts.alertChanges),
  });
  return [route, send];
}
