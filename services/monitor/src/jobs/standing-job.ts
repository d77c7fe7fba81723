import { IntervalJob } from "@stipend/platform/jobs/interval";
import type { Log } from "@stipend/platform/log/log";
import type { PassState } from "../usecases/ports.ts";
import type { AlertCount } from "../usecases/summaries.ts";

export interface StandingSource {
  alertCounts(): Promise<readonly AlertCount[]>;
  passState(): Promise<PassState>;
}

export interface Standing {
  readonly alerts: readonly AlertCount[];
  readonly pass: PassState;
}

/** Reads now and then what metrics show at any time, so that a scrape waits for no database. */
export class StandingWatch {
  readonly job: IntervalJob;
  #standing: Standing | null = null;

  constructor(source: StandingSource, log: Log) {
    this.job = new IntervalJob({
      name: "standing",
      everyMs: 10_000,
      log,
      run: async () => {
        try {
          const [alerts, pass] = await Promise.all([source.alertCounts(), source.passState()]);
          this.#standing = { alerts, pass };
        } catch (error) {
          this.#standing = null;
          throw error;
        }
      },
    });
  }

  /** null: not known, or not any more. */
  get standing(): Standing | null {
    return this.#standing;
  }
}
