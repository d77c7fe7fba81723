import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog } from "@stipend/platform/log/log";
import { eventually } from "@stipend/testing/eventually";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Feature } from "../src/features/feature.ts";
import { chargedAmount, judgeStatus } from "../src/features/feature.ts";
import { FeatureBook } from "../src/features/feature-book.ts";
import { FeaturesFileError, parseFeatures } from "../src/features/features-file.ts";

const VARIABLES = { STIPEND_UPSTREAM_REWRITE_URL: "http://127.0.0.1:8085" };
const ENTRY = `version: 1
features:
  - id: rewrite
    summary: Rewrites
    path: /api/rewrite
    upstream: http://localhost:8085/rewrite
    cost: 1
    reason: Rewrite a text
`;

function mistakes(text: string): string[] {
  try {
    parseFeatures(text, VARIABLES, "features.yaml");
  } catch (error) {
    if (error instanceof FeaturesFileError) {
      return error.mistakes.map((m) => `${m.line}: ${m.where} ${m.message}`.replace(/\s+/g, " "));
    }
    throw error;
  }
  return [];
}

test("the file of the repository is right", () => {
  const text = readFileSync(new URL("../../../deploy/features.yaml", import.meta.url), "utf8");
  const features = parseFeatures(text, VARIABLES, "features.yaml");
  expect(features.map(({ id }) => id)).toContain("rewrite");
  expect(features[0]).toMatchObject({
    path: "/api/rewrite",
    upstream: { origin: "http://127.0.0.1:8085", path: "/rewrite" },
    cost: { kind: "fixed", amount: 1 },
    onDisconnect: "release",
  });
});

test("what is left out has its default; by answer, so has the policy on disconnect", () => {
  const [buffered] = parseFeatures(ENTRY, {}, "f");
  expect(buffered).toEqual({
    id: "rewrite",
    summary: "Rewrites",
    method: "POST",
    path: "/api/rewrite",
    roles: ["user"],
    upstream: { origin: "http://localhost:8085", path: "/rewrite" },
    cost: { kind: "fixed", amount: 1 },
    reason: "Rewrite a text",
    timeoutMs: 30_000,
    answer: "buffered",
    onDisconnect: "release",
    charge: [{ from: 200, to: 299 }],
    passThrough: [{ from: 400, to: 499 }],
    requestLimit: 262_144,
    answerLimit: 4_194_304,
  });
  const [streamed] = parseFeatures(
    `${ENTRY}    answer: streamed\n    timeout: 1.5s\n    charge: [200, "206-207"]`,
    {},
    "f",
  );
  expect(streamed).toMatchObject({
    onDisconnect: "charge",
    timeoutMs: 1_500,
    charge: [
      { from: 200, to: 200 },
      { from: 206, to: 207 },
    ],
  });
});

describe("a mistake is named with its line", () => {
  test.each<[string, string, string[]]>([
    ["no YAML", "version: 1\nfeatures: [\n", ["3:"]],
    ["a key that stands twice", ENTRY.replace("    cost: 1", "    cost: 1\n    cost: 2"), ["8:"]],
    ["an unknown key", `${ENTRY}    prise: 3`, ["9: features[0].prise is not known here"]],
    ["a missing key", ENTRY.replace("    reason: Rewrite a text\n", ""), ["3: features[0].reason is required"]],
    ["a cost of 0", ENTRY.replace("cost: 1", "cost: 0"), ["7: features[0].cost must be at least 1"]],
    ["half a credit", ENTRY.replace("cost: 1", "cost: 0.5"), ["7: features[0].cost must be a whole number"]],
    ["no URL", ENTRY.replace("http://localhost:8085/rewrite", "rewrite"), ["6: features[0].upstream must be an http"]],
    [
      "a variable that is not set",
      ENTRY.replace("http://localhost:8085", "${STIPEND_UPSTREAM_X}"),
      ["6: features[0].upstream names ${STIPEND_UPSTREAM_X}"],
    ],
    [
      "a variable that it may not see",
      ENTRY.replace("http://localhost:8085", "${HOME}"),
      ["6: features[0].upstream names ${HOME}"],
    ],
    ["a path of our own", ENTRY.replace("/api/rewrite", "/api/credits/rewrite"), ["5: features[0].path stands where"]],
    [
      "a path outside /api",
      ENTRY.replace("/api/rewrite", "/rewrite"),
      ["5: features[0].path must be a path under /api/"],
    ],
    ["a time without unit", `${ENTRY}    timeout: "30"`, ["9: features[0].timeout must be a time"]],
    ["a time beyond all", `${ENTRY}    timeout: 60m`, ["9: features[0].timeout must be from 100ms to 15m"]],
    [
      "a status that is none",
      `${ENTRY}    charge:\n      - 200\n      - 2xx`,
      ["11: features[0].charge[1] must be a status"],
    ],
    [
      "a parameter that the path has not",
      ENTRY.replace("/rewrite\n    cost", "/rewrite/:x\n    cost"),
      ["6: features[0].upstream names :x"],
    ],
    [
      "an id and a path that stand twice",
      ENTRY + ENTRY.split("features:\n")[1],
      ["9: features[1].id stands twice", "11: features[1].path is taken"],
    ],
    ["another version", ENTRY.replace("version: 1", "version: 2"), ["1: version"]],
    ["a list where a map should be", "- a\n", ["1:"]],
    ["nothing", "", ["1:"]],
  ])("%s", (_name, text, expected) => {
    const found = mistakes(text);
    expect(found).toHaveLength(expected.length);
    expected.forEach((start, index) => {
      expect(found[index]).toContain(start);
    });
  });

  test("all mistakes at once, in the order of the lines", () => {
    const text = `${ENTRY.replace("cost: 1", "cost: -1").replace("id: rewrite", "id: Re write")}    answer: maybe`;
    expect(mistakes(text).map((m) => m.split(":")[0])).toEqual(["3", "7", "9"]);
  });
});

test("costs", () => {
  const upTo = { kind: "reported", upTo: 5, otherwise: undefined } as const;
  expect(chargedAmount({ kind: "fixed", amount: 3 }, "9")).toBe(3);
  expect(chargedAmount(upTo, "2")).toBe(2);
  expect(chargedAmount(upTo, "0")).toBe(0);
  expect(chargedAmount(upTo, "900")).toBe(5);
  for (const header of [undefined, "", "-1", "1.5", "two", ["1", "2"]])
    expect(chargedAmount(upTo, header)).toBeUndefined();
  expect(chargedAmount({ ...upTo, otherwise: 1 }, undefined)).toBe(1);
});

test("statuses", () => {
  const rules = { charge: [{ from: 200, to: 299 }], passThrough: [{ from: 400, to: 499 }] };
  expect([200, 299, 300, 404, 500].map((status) => judgeStatus(rules, status))).toEqual([
    "charge",
    "charge",
    "failure",
    "pass_through",
    "failure",
  ]);
});

test("a changed file comes into force; one with a mistake does not, and the old one stays", async () => {
  const folder = await mkdtemp(join(tmpdir(), "features-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, "features.yaml");
  await writeFile(path, ENTRY);
  let inForce: readonly Feature[] = [];
  const use = (features: readonly Feature[]) => {
    inForce = features;
  };
  const book = new FeatureBook({ path, variables: {}, log: silentLog(), everyMs: 20, use });
  await book.start();
  onTestFinished(() => book.stop());
  expect(inForce).toHaveLength(1);

  await writeFile(path, ENTRY.replace("cost: 1", "cost: 1.5"));
  await eventually(() => expect(book.mistake).toContain(`${path}:7:11: features[0].cost must be`));
  expect(inForce[0]?.cost).toEqual({ kind: "fixed", amount: 1 });

  await writeFile(path, ENTRY.replace("cost: 1", "cost: 22"));
  await eventually(() => expect(inForce[0]?.cost).toEqual({ kind: "fixed", amount: 22 }));
  expect(book.mistake).toBeUndefined();
});

test("a file with a mistake at boot is an error", async () => {
  const book = new FeatureBook({ path: "/nonexistent.yaml", variables: {}, log: silentLog(), use: () => undefined });
  await expect(book.start()).rejects.toThrow("ENOENT");
});
