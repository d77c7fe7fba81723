import { afterEach, describe, expect, it, vi } from "vitest";
import { IntervalJob } from "../src/jobs/interval.ts";
import { silentLog } from "../src/log/log.ts";

const jobs: IntervalJob[] = [];

afterEach(async () => {
  for (const job of jobs.splice(0)) await job.stop();
});

function job(run: (signal: AbortSignal) => Promise<boolean | undefined>, everyMs = 60_000): IntervalJob {
  const made = new IntervalJob({ name: "test", everyMs, firstMs: 0, run, log: silentLog() });
  jobs.push(made);
  return made;
}

describe("IntervalJob", () => {
  it("runs again and again", async () => {
    let runs = 0;
    await job(async () => {
      runs += 1;
      return undefined;
    }, 5).start();
    await vi.waitFor(() => expect(runs).toBeGreaterThan(3));
  });

  it("runs at once while there is more to do", async () => {
    let left = 20;
    await job(async () => --left > 0).start();
    await vi.waitFor(() => expect(left).toBe(0));
  });

  it("goes on after failures", async () => {
    let runs = 0;
    const failing = new IntervalJob({
      name: "failing",
      everyMs: 2,
      maxBackoffMs: 4,
      firstMs: 0,
      log: silentLog(),
      run: async () => {
        runs += 1;
        throw new Error("no");
      },
    });
    jobs.push(failing);
    await failing.start();
    await vi.waitFor(() => expect(runs).toBeGreaterThan(3));
  });

  it("never runs twice at once, and runs after the present run when triggered in the middle", async () => {
    let running = 0;
    let most = 0;
    let runs = 0;
    const made = job(async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 20));
      runs += 1;
      running -= 1;
      return undefined;
    });
    await made.start();
    await vi.waitFor(() => expect(running).toBe(1), { interval: 1 });
    await Promise.all([made.trigger(), made.trigger(), made.trigger()]);
    expect(most).toBe(1);
    expect(runs).toBe(2);
  });

  it("can be triggered without having been started", async () => {
    let runs = 0;
    await job(async () => {
      runs += 1;
      return undefined;
    }).trigger();
    expect(runs).toBe(1);
  });

  it("lets the run in hand finish when it stops, tells it so, and runs no more", async () => {
    let finished = 0;
    let aborted = false;
    const made = job(async (signal) => {
      await new Promise((resolve) => setTimeout(resolve, 30));
      aborted = signal.aborted;
      finished += 1;
      return true;
    });
    void made.trigger();
    await made.stop();
    expect([finished, aborted]).toEqual([1, true]);
    await made.trigger();
    expect(finished).toBe(1);
  });
});
