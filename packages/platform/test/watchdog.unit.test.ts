import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { silentLog } from "../src/log/log.ts";
import { Watchdog } from "../src/mysql/watchdog.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

test.each([
  ["works", 0, 600],
  ["waits a second by intention, then works", 1_000, 1_600],
])("a statement that %s makes the server suspect when its work takes too long", async (_, waitsMs, suspectAt) => {
  const probe = vi.fn(() => Promise.resolve(true));
  const watchdog = new Watchdog({ log: silentLog(), suspectAfterMs: 500, probe });
  // No probe has been answered yet, which the watchdog takes for one at 0.
  await vi.advanceTimersByTimeAsync(10);
  watchdog.watch({ startedAt: performance.now() + waitsMs, timeoutMs: 60_000, abandon: () => undefined });
  await vi.advanceTimersByTimeAsync(suspectAt - 100);
  expect([watchdog.suspicious, probe.mock.calls.length]).toEqual([false, 0]);
  await vi.advanceTimersByTimeAsync(99);
  expect(watchdog.suspicious).toBe(true);
  await vi.advanceTimersByTimeAsync(1);
  expect([watchdog.suspicious, probe.mock.calls.length]).toEqual([false, 1]);
  watchdog.stop();
});
