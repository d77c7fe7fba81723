import type { Clock } from "@stipend/platform/clock/clock";
import { IntervalJob } from "@stipend/platform/jobs/interval";
import type { Log } from "@stipend/platform/log/log";
import type { MonitorSettings } from "../settings/settings.ts";
import { checkNextPage, checkUnequal } from "../usecases/check-consistency.ts";
import type { MonitorCounts } from "../usecases/counts.ts";
import { detectGaps } from "../usecases/detect-gaps.ts";
import { inspectMembers } from "../usecases/inspect-members.ts";
import type { CheckSource, CheckStore, GapStore, InspectStore, RecoveryStore, SettleStore } from "../usecases/ports.ts";
import { settleWindows } from "../usecases/settle-windows.ts";
import { forgetHistory, forgetObservations, recoverDueAlerts } from "../usecases/tidy.ts";
import { Calm } from "./calm.ts";

export interface JobsOptions {
  readonly store: GapStore & RecoveryStore;
  readonly members: InspectStore;
  readonly windows: SettleStore;
  readonly checks: CheckStore;
  readonly source: CheckSource;
  readonly settings: () => MonitorSettings;
  readonly counts: MonitorCounts;
  readonly clock: Clock;
  /** The business time zone. */
  readonly timeZone: string;
  /** Events of the topics that are not read yet; null: not known. What is missing may be among them. */
  readonly behind: () => number | null;
  readonly log: Log;
  /** Called after work that may have written events. */
  readonly onCommit: () => void;
}

/** Each is harmless to run in several instances at once. */
export function monitorJobs(options: JobsOptions): IntervalJob[] {
  const { store, settings, clock, log, onCommit } = options;
  const job = (name: string, everyMs: number, work: () => Promise<number>) =>
    new IntervalJob({
      name,
      everyMs,
      log,
      run: async () => {
        if ((await work()) > 0) onCommit();
      },
    });
  return [
    job("event-gaps", 10_000, () => {
      const { rules } = settings();
      // One statement judges all accounts.
      if (rules.jobs.eventGap.enabled) options.counts.evaluations(["event_gap"], 1);
      return detectGaps(store, rules, clock.now());
    }),
    job("recover-alerts", 5_000, () => recoverDueAlerts(store, clock.now())),
    job("forget-observations", 600_000, () => forgetObservations(store, settings().rules, clock.now())),
    job("forget-history", 600_000, () => forgetHistory(store, clock.now())),
    inspectionJob(options),
    consistencyJob(options),
    job("consistency-unequal", 5_000, () => lookAgain(options)),
  ];
}

/** Seconds' worth: in a busy system there is always something on its way, and every rule here waits for minutes. */
const MAX_UNREAD = 1_000;

/**
 * Judges what has not come. That is only known when what has come was read, and when a clock that was moved
 * by hand has left the other services the time to do what then fell due.
 */
function inspectionJob(options: JobsOptions): IntervalJob {
  const { members, windows, settings, counts, clock, timeZone, behind, log, onCommit } = options;
  const calm = new Calm(clock);
  return new IntervalJob({
    name: "inspect",
    everyMs: 5_000,
    log,
    run: async () => {
      const unread = behind();
      if (unread === null || unread > MAX_UNREAD || !calm.isCalm()) return false;
      const now = clock.now();
      const { looked, more } = await inspectMembers(members, settings().rules, { now, timeZone });
      const moreWindows = await settleWindows(windows, settings().rules, now);
      counts.evaluations(settings().rules.onMembers, looked);
      if (looked > 0 || moreWindows) onCommit();
      return more || moreWindows;
    },
  });
}

/** What differed or lagged is compared again, some of it at a time. */
function lookAgain({ checks, source, settings, clock }: JobsOptions): Promise<number> {
  const { rules, consistency } = settings();
  return checkUnequal(source, checks, rules.jobs, consistency.pageSize, clock.now());
}

/** Steps through all accounts; between two passes it rests. Real time: a developer's clock must not stop it. */
function consistencyJob({ checks, source, settings, clock, log, onCommit }: JobsOptions): IntervalJob {
  let restUntil = 0;
  return new IntervalJob({
    name: "consistency",
    everyMs: 250,
    log,
    run: async () => {
      if (performance.now() < restUntil) return;
      const { pageSize, everyMilliseconds, minutesBetweenPasses } = settings().consistency;
      const report = await checkNextPage(source, checks, settings().rules.jobs, pageSize, clock.now());
      if (report.checked > 0) onCommit();
      restUntil = performance.now() + (report.passEnded ? minutesBetweenPasses * 60_000 : everyMilliseconds);
    },
  });
}
