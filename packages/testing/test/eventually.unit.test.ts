import { expect, test } from "vitest";
import { eventually } from "../src/eventually.ts";
import { FakeClock } from "../src/fake-clock.ts";

test("returns the first result that does not throw", async () => {
  let tries = 0;
  const result = await eventually(
    () => {
      tries += 1;
      if (tries < 3) throw new Error("not yet");
      return "done";
    },
    { everyMs: 1 },
  );
  expect({ result, tries }).toEqual({ result: "done", tries: 3 });
});

test("throws the last error, with what was waited for and how long", async () => {
  const never = eventually(() => Promise.reject(new Error("still 0")), {
    timeoutMs: 30,
    everyMs: 5,
    what: "the allowance",
  });
  await expect(never).rejects.toThrow("the allowance did not happen within 30 ms: still 0");
});

test("a fake clock stands still until it is moved", () => {
  const clock = new FakeClock("2026-01-31T00:00:00Z");
  expect(clock.now()).toEqual(clock.now());
  clock.advance({ days: 1, hours: 2 });
  expect(clock.now().toISOString()).toBe("2026-02-01T02:00:00.000Z");
});
