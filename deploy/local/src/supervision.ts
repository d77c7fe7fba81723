import { setTimeout as sleep } from "node:timers/promises";
import { describeFailure, type LauncherError } from "./errors.ts";
import { boundLog } from "./process/log-file.ts";
import { describeExit } from "./process/managed.ts";
import type { Unit } from "./process/unit.ts";
import type { Reporter } from "./report/reporter.ts";

/** A part may die this often within the window before the launcher gives up on the whole system. */
const MAX_RESTARTS = 4;
const RESTART_WINDOW_MS = 120_000;
const FIRST_DELAY_MS = 250;
const LOG_CHECK_MS = 10_000;

/** Restarts parts that die, with growing delays and a bound, and keeps the logs bounded. */
export class Supervision {
  #reporter: Reporter;
  #deaths = new Map<string, number[]>();
  #giveUp: (failure: LauncherError) => void;
  #logTimer: NodeJS.Timeout | undefined;
  #ended = new AbortController();

  constructor(reporter: Reporter, giveUp: (failure: LauncherError) => void) {
    this.#reporter = reporter;
    this.#giveUp = giveUp;
  }

  watch(units: readonly Unit[]): void {
    for (const unit of units)
      unit.onDeath = (exit) => void this.#restart(unit, `${unit.spec.label} died (${describeExit(exit)}).`);
    this.#logTimer = setInterval(() => {
      for (const unit of units) boundLog(unit.logFile);
    }, LOG_CHECK_MS);
    this.#logTimer.unref();
  }

  end(): void {
    clearInterval(this.#logTimer);
    this.#ended.abort();
  }

  #recentDeaths(name: string): number {
    const now = Date.now();
    const recent = [...(this.#deaths.get(name) ?? []), now].filter((at) => now - at < RESTART_WINDOW_MS);
    this.#deaths.set(name, recent);
    return recent.length;
  }

  async #restart(unit: Unit, what: string): Promise<void> {
    const deaths = this.#recentDeaths(unit.name);
    if (deaths > MAX_RESTARTS) {
      this.#lose(unit, `${what} It was the ${deaths}th time within ${RESTART_WINDOW_MS / 1000} s.`);
      return;
    }
    const delay = FIRST_DELAY_MS * 2 ** (deaths - 1);
    this.#note(`${what} Starting it again in ${delay} ms (${deaths} of ${MAX_RESTARTS}); its log: ${unit.logFile}.1`);
    try {
      await sleep(delay, undefined, { signal: this.#ended.signal });
      await unit.start();
      this.#note(`${unit.spec.label} runs again.`);
    } catch (error) {
      if (this.#ended.signal.aborted) return;
      await this.#restart(unit, error instanceof Error ? error.message : String(error));
    }
  }

  #lose(unit: Unit, what: string): void {
    const failure = unit.failure(what);
    if (unit.spec.dispensable) this.#note(`${describeFailure(failure)}\nThe rest goes on without it.`);
    else this.#giveUp(failure);
  }

  #note(text: string): void {
    this.#reporter.emit({ kind: "note", text });
  }
}
