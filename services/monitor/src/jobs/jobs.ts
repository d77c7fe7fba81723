import type { Clock } from "@stipend/platform/clock/clock";
import { IntervalJob } from "@stipend/platform/jobs/interval";
import type { Log } from "@stipend/platform/log/log";
import type { MonitorSettings } from "../settings/settings.ts";
import { checkNextPage } from "../usecases/check-consistency.ts";
import { detectGaps } from "../usecases/detect-gaps.ts";
import type { CheckSource, CheckStore, GapStore, RecoveryStore } from "../usecases/ports.ts";
import { forgetObservations, recoverDueAlerts } from "../usecases/tidy.ts";

export interface JobsOptions {
  readonly store: GapStore & RecoveryStore;
  readonly checks: CheckStore;
  readonly source: CheckSource;
  readonly settings: () => MonitorSettings;
  readonly clock: Clock;
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
    job("event-gaps", 10_000, () => detectGaps(store, settings().rules, clock.now())),
    job("recover-alerts", 5_000, () => recoverDueAlerts(store, clock.now())),
    job("forget-observations", 600_000, () => forgetObservations(store, settings().rules, clock.now())),
    consistencyJob(options),
  ];
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
