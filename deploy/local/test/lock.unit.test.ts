import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { REPO_ROOT } from "../src/repo.ts";
import { missingEntries } from "../tools/complete-lock.mjs";

test("package-lock.json holds every platform package it names, or `npm ci` would refuse it on a fresh machine", () => {
  const lock = JSON.parse(readFileSync(join(REPO_ROOT, "package-lock.json"), "utf8")) as object;
  expect(Object.keys(missingEntries(lock)), "run node deploy/local/tools/complete-lock.mjs").toEqual([]);
});

test("a platform package that npm left out is written with its platform", () => {
  const lock = {
    packages: {
      "": {},
      "node_modules/tool": {
        version: "1.0.0",
        dev: true,
        optionalDependencies: {
          "@tool/cli-linux-x64-musl": "1.0.0",
          "@tool/cli-win32-arm64": "1.0.0",
          fsevents: "2.3.3",
        },
      },
      "node_modules/@tool/cli-win32-arm64": { version: "1.0.0" },
    },
  };
  expect(missingEntries(lock)).toEqual({
    "node_modules/@tool/cli-linux-x64-musl": {
      version: "1.0.0",
      cpu: ["x64"],
      dev: true,
      libc: ["musl"],
      optional: true,
      os: ["linux"],
    },
  });
});
