import { IntervalJob } from "@stipend/platform/jobs/interval";
import type { Log } from "@stipend/platform/log/log";
import { isTransient } from "@stipend/platform/mysql/errors";
import { counter } from "@stipend/platform/telemetry/metrics";
import { type ApplyMembershipsPorts, OverdueNews } from "../usecases/apply-memberships.ts";
import type { SweepFaults } from "../usecases/sweep-faults.ts";
import { sweepLapsed } from "../usecases/sweep-lapsed.ts";
import { type SweepResetsPorts, sweepResets } from "../usecases/sweep-resets.ts";

export interface Sweeps {
  readonly resets: IntervalJob;
  readonly lapsed: IntervalJob;
  /** News of memberships that has waited too long for the news before it. */
  readonly waiting: IntervalJob;
  /** All at once, for when the clock was moved. */
  trigger(): void;
}

const skipped = counter(
  "credits_sweep_accounts_skipped",
  "Accounts that a sweep could not settle, lapse or tell of their membership",
);

/** Resets, holds and grants whose time has come, for accounts that nobody touches. Each page is a transaction of its own. */
export function createSweeps(
  ports: Omit<SweepResetsPorts, "faults" | "stopwatch"> & ApplyMembershipsPorts,
  options: { readonly resetsEveryMs: number; readonly lapsedEveryMs: number; readonly log: Log },
): Sweeps {
  const { log } = options;
  const job = (name: string, everyMs: number, sweep: (signal: AbortSignal) => Promise<number>) =>
    new IntervalJob({
      name,
      everyMs,
      log,
      async run(signal) {
        const served = await sweep(signal);
        if (served > 0) log.info({ job: name, accounts: served }, "swept");
      },
    });
  const faultsOf = (sweep: "resets" | "lapsed", said: string): SweepFaults => ({
    isTransient,
    skipped(userId, error) {
      skipped.add(1, { sweep });
      log.error({ err: error, userId }, `${said}; the others go on`);
    },
  });
  const ofResets = faultsOf("resets", "an account's reset is due and can't be settled");
  const ofLapses = faultsOf("lapsed", "a hold or a grant of an account has run out and can't be lapsed");
  const stopwatch = () => performance.now();
  const resets = job("resets", options.resetsEveryMs, (signal) =>
    sweepResets({ ...ports, faults: ofResets, stopwatch }, signal),
  );
  const lapsed = job("lapsed", options.lapsedEveryMs, (signal) => sweepLapsed({ ...ports, faults: ofLapses }, signal));
  const overdue = new OverdueNews(ports, (userId, error) => {
    skipped.add(1, { sweep: "memberships" });
    log.error({ err: error, userId }, "news of a membership that has waited too long could not be applied");
  });
  const waiting = job("membership-waiting", options.lapsedEveryMs, (signal) => overdue.look(signal));
  return {
    resets,
    lapsed,
    waiting,
    trigger() {
      // Errors are the job's own affair: it logs them and comes again.
      void resets.trigger();
      void lapsed.trigger();
      void waiting.trigger();
    },
  };
}
