import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { platformProblems } from "@stipend/platform/http/problems";
import { TRANSACTION_TYPES } from "@stipend/proto/http/credits/terms";
import { gatewayProblems } from "@stipend/proto/http/gateway-problems";
import { domainProblems } from "@stipend/proto/http/problems";
import { describe, expect, it } from "vitest";
import { words as adminEn } from "../src/i18n/en/admin-app.ts";
import { words as memberEn } from "../src/i18n/en/member-app.ts";
import { words as adminZh } from "../src/i18n/zh-cn/admin-app.ts";
import { words as memberZh } from "../src/i18n/zh-cn/member-app.ts";

const SRC = join(import.meta.dirname, "../src");
const SERVICES = join(import.meta.dirname, "../../services");
const PLURAL = /_(one|other)$/;

/** "a.b.c" for every text, without what plural forms add. */
function keysOf(words: object, prefix = ""): Map<string, string> {
  const keys = new Map<string, string>();
  for (const [name, value] of Object.entries(words) as [string, unknown][]) {
    if (typeof value === "string") keys.set(`${prefix}${name}`.replace(PLURAL, ""), value);
    else for (const [key, text] of keysOf(value as object, `${prefix}${name}.`)) keys.set(key, text);
  }
  return keys;
}

/** The parts of a text that are filled in. */
const filledIn = (text: string): string[] => [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name ?? "").sort();

describe.each([
  ["member", memberEn, memberZh],
  ["admin", adminEn, adminZh],
])("the words of the %s app", (_app, en, zh) => {
  it("are the same in both languages, with the same parts to be filled in", () => {
    const [english, chinese] = [keysOf(en), keysOf(zh)];
    expect([...chinese.keys()].sort()).toEqual([...english.keys()].sort());
    for (const [key, text] of english) expect([key, filledIn(chinese.get(key) ?? "")]).toEqual([key, filledIn(text)]);
  });

  it("have a text for every code the API may answer", () => {
    const codes = Object.keys({ ...domainProblems, ...gatewayProblems, ...platformProblems });
    expect(codes.filter((code) => !Object.hasOwn(en.problems, code))).toEqual([]);
  });
});

/** What the files of a service say, where no contract lists it. */
function said(files: string, pattern: RegExp): string[] {
  return globSync(files, { cwd: SERVICES })
    .filter((file) => !file.endsWith(".test.ts"))
    .flatMap((file) => [...readFileSync(join(SERVICES, file), "utf8").matchAll(pattern)].map(([, code]) => code ?? ""));
}

describe("codes that the console shows as words", () => {
  it.each([
    ["rules of the monitor", "rules", said("monitor/src/rules/*.ts", /^ {2}name: "(\w+)"/gm), 28],
    [
      "differences of the books",
      "differences",
      [
        ...said("credits/sql/procedures/CheckCreditsSync.sql", /"code":"(\w+)"/g),
        ...said("monitor/src/domain/consistency.ts", /problems\.push\("(\w+)"\)/g),
      ],
      12,
    ],
    ["changes of a membership", "changes", said("membership/src/domain/*.ts", /change: "(\w+)"/g), 4],
    ["types of ledger rows", "types", [...TRANSACTION_TYPES], 10],
  ] as const)("have one each: %s", (_what, group, codes, atLeast) => {
    const known = keysOf(adminEn);
    // A pattern that finds nothing any more proves nothing.
    expect(new Set(codes).size).toBeGreaterThanOrEqual(atLeast);
    expect(codes.filter((code) => !known.has(`${group}.${code}`))).toEqual([]);
  });
});

describe("the texts that the code asks for", () => {
  it.each([
    ["member", memberEn],
    ["admin", adminEn],
  ])("are there: %s", (app, en) => {
    const known = keysOf(en);
    const other = app === "member" ? "admin" : "member";
    const missing = globSync("**/*.{ts,tsx}", { cwd: SRC })
      .filter((file) => !file.startsWith(`${other}/`) && !file.startsWith("i18n/"))
      .flatMap((file) => {
        const text = readFileSync(join(SRC, file), "utf8");
        return [...text.matchAll(/\bt\(\s*"([\w.]+)"/g)].map(([, key]) => ({ file, key: key ?? "" }));
      })
      .filter(({ key }) => !known.has(key));
    expect(missing).toEqual([]);
  });
});
