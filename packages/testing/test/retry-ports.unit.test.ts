import { LauncherError } from "@stipend/local/errors";
import { expect, test } from "vitest";
import { withFreePorts } from "../src/retry-ports.ts";

test("a start whose port was taken is tried again with others", async () => {
  let starts = 0;
  const result = await withFreePorts(() => {
    starts += 1;
    if (starts < 3) throw new LauncherError("port 1 is taken", { code: "port_taken" });
    return Promise.resolve("up");
  });
  expect({ result, starts }).toEqual({ result: "up", starts: 3 });
});

test("another failure is thrown at once, with the last lines of the log in its message", async () => {
  let starts = 0;
  const start = withFreePorts(() => {
    starts += 1;
    throw new LauncherError("Kafka ended", { logFile: "kafka.log", lastLines: ["no space left"] });
  });
  await expect(start).rejects.toThrow(/Kafka ended[\s\S]*kafka\.log[\s\S]*no space left/);
  expect(starts).toBe(1);
});

test("a port that is always taken ends after a bounded number of tries", async () => {
  let starts = 0;
  const start = withFreePorts(() => {
    starts += 1;
    throw new LauncherError("port 1 is taken", { code: "port_taken" });
  });
  await expect(start).rejects.toThrow("port 1 is taken");
  expect(starts).toBe(4);
});
