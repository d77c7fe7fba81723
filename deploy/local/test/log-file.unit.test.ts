import { closeSync, readFileSync, statSync, truncateSync, writeSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { boundLog, lastLines, openLog } from "../src/process/log-file.ts";
import { tempDir } from "./temp-dir.ts";

test("a log begins empty and keeps the former one beside it", () => {
  const file = join(tempDir(), "logs", "kafka.log");
  for (const text of ["first run\n", "second run\n"]) {
    const fd = openLog(file);
    writeSync(fd, text);
    closeSync(fd);
  }
  expect(readFileSync(file, "utf8")).toBe("second run\n");
  expect(readFileSync(`${file}.1`, "utf8")).toBe("first run\n");
});

test("a log that has grown too large is emptied under its writer, which goes on without a hole", () => {
  const file = join(tempDir(), "credits.log");
  const fd = openLog(file);
  truncateSync(file, 17 * 1024 * 1024);
  boundLog(file);
  writeSync(fd, "after\n");
  closeSync(fd);
  expect(readFileSync(file, "utf8")).toBe("after\n");
  expect(statSync(`${file}.1`).size).toBe(17 * 1024 * 1024);
});

test("the last lines, and none when there is no log", () => {
  const file = join(tempDir(), "redis.log");
  const fd = openLog(file);
  writeSync(fd, Array.from({ length: 30 }, (_, index) => `line ${index}\n`).join(""));
  closeSync(fd);
  expect(lastLines(file, 2)).toEqual(["line 28", "line 29"]);
  expect(lastLines(join(tempDir(), "none.log"))).toEqual([]);
});
