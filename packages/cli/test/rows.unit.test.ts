import type { Tier } from "@stipend/proto/http/membership";
import { describe, expect, test } from "vitest";
import type { z } from "zod";
import { type Problem, readCsv } from "../src/import/csv.ts";
import { COLUMNS, type ImportRow, REQUIRED, rowsOf } from "../src/import/rows.ts";
import { tempFile } from "./support.ts";

function tier(code: string, monthlyCredits: number, more: Partial<z.output<typeof Tier>> = {}): z.output<typeof Tier> {
  return {
    tier: code,
    displayName: code,
    monthlyCredits,
    rank: 1,
    anchor: "calendar",
    firstPeriod: "full",
    rolloverCap: 0,
    onExpiry: "keep",
    features: [],
    offered: true,
    version: 1,
    ...more,
  };
}
const TIERS = [tier("pro", 250), tier("roll", 100, { rolloverCap: 50 }), tier("anni", 100, { anchor: "anniversary" })];

function read(text: string | Uint8Array): { rows: readonly ImportRow[]; problems: readonly Problem[] } {
  const file = tempFile("users.csv", text);
  try {
    const { lines, problems } = readCsv(file.path, COLUMNS, REQUIRED);
    const tiers = new Map(TIERS.map((known) => [known.tier, known]));
    const judged = rowsOf(lines, { tiers, timeZone: "Europe/Berlin", key: "import:move-in" });
    return { rows: judged.rows, problems: [...problems, ...judged.problems] };
  } finally {
    file.remove();
  }
}

const brief = ({ problems }: { problems: readonly Problem[] }) =>
  problems.map(({ line, column, code }) => [line, column, code]);
const ALL = COLUMNS.join(",");

describe("a line", () => {
  test("becomes what membership and what credits are told", () => {
    const { rows, problems } = read(`${ALL}\nada,ada@x.example,"Lovelace, ""Ada""",pro,,2026-01-31,,620,120,\n`);
    expect(problems).toEqual([]);
    const startedAt = "2026-01-30T23:00:00.000Z";
    expect(rows).toEqual([
      {
        line: 2,
        userId: "ada",
        person: {
          key: "import:move-in",
          userId: "ada",
          email: "ada@x.example",
          name: 'Lovelace, "Ada"',
          membership: { tier: "pro", cycle: "monthly", startedAt },
        },
        opening: {
          key: "import:move-in",
          userId: "ada",
          balance: 620,
          allowance: { remaining: 120, monthlyCredits: 250, cycle: "monthly", anchor: "calendar", startedAt },
        },
      },
    ]);
  });

  test.each([
    ["says nothing of credits: the month is due", "pro,,", undefined],
    [
      "has a balance: the month was given, and nothing of it is left",
      "pro,7,",
      { balance: 7, allowance: { remaining: 0 } },
    ],
    ["has a balance of 0: the same", "pro,0,", { balance: 0, allowance: { remaining: 0 } }],
    ["has only what is left of the month", "pro,,9", { balance: 9, allowance: { remaining: 9 } }],
    ["is no member's", ",7,", { balance: 7 }],
  ])("%s", (_what, fields, opening) => {
    const { rows, problems } = read(`user_id,tier,balance,allowance_remaining\na,${fields}`);
    expect(problems).toEqual([]);
    if (opening === undefined) expect(rows[0]?.opening).toBeUndefined();
    else expect(rows[0]?.opening).toMatchObject(opening);
    if (opening !== undefined && !("allowance" in opening)) expect(rows[0]?.opening).not.toHaveProperty("allowance");
  });

  test("may say itself whether the month is due", () => {
    const { rows, problems } = read("user_id,tier,balance,first_allowance\na,pro,7,due\nb,pro,,given");
    expect(problems).toEqual([]);
    expect(rows[0]?.opening).toEqual({ key: "import:move-in", userId: "a", balance: 7 });
    expect(rows[1]?.opening).toMatchObject({ balance: 0, allowance: { remaining: 0 } });
  });

  test("tells everything that is wrong with it, by its line and column", () => {
    const lines = [
      "a b,,,pro,,,,,,",
      "tiers,,,gold,weekly,,,,,",
      "dates,,,pro,,31.12.2025,2026-02-30,,,",
      "sums,,,pro,,,,-1,1.5,",
      "much,,,roll,,,,200,151,",
      "part,,,pro,,,,5,6,",
      "words,,,pro,,,,,5,due",
      "nomember,,,,monthly,2026-01-01,,,5,given",
      "yearly,,,pro,yearly,,,5,5,",
      "anni,,,anni,,,,5,5,",
      "rich,,,,,,,1000001,,",
      ",x@x.example,,,,,,,,",
      `long,,${"x".repeat(201)},,,,,,,`,
    ];
    expect(brief(read(`${ALL}\r\n${lines.join("\r\n")}`))).toEqual([
      [2, "user_id", "validation_failed"],
      [3, "tier", "unknown_tier"],
      [3, "cycle", "validation_failed"],
      [4, "started_at", "validation_failed"],
      [4, "expires_at", "validation_failed"],
      [5, "balance", "validation_failed"],
      [5, "allowance_remaining", "validation_failed"],
      [6, "allowance_remaining", "validation_failed"],
      [7, "allowance_remaining", "validation_failed"],
      [8, "first_allowance", "validation_failed"],
      [9, "cycle", "validation_failed"],
      [9, "started_at", "validation_failed"],
      [9, "allowance_remaining", "validation_failed"],
      [9, "first_allowance", "validation_failed"],
      [10, "started_at", "validation_failed"],
      [11, "started_at", "validation_failed"],
      [12, "balance", "validation_failed"],
      [13, "user_id", "validation_failed"],
      [14, "name", "validation_failed"],
    ]);
  });

  test("a user stands in one line; ids are compared byte for byte", () => {
    expect(brief(read("user_id\na\nA\na\n\na\n"))).toEqual([
      [4, "user_id", "duplicate_user"],
      [6, "user_id", "duplicate_user"],
    ]);
  });
});

describe("a file", () => {
  test("a quote that is never closed spoils its own line only, and empty lines count", () => {
    const { rows, problems } = read('user_id,name\na,"open\n\nb,B\nc\nd,D,D');
    expect(rows.map(({ line, userId }) => [line, userId])).toEqual([[4, "b"]]);
    expect(brief({ problems })).toEqual([
      [2, undefined, "bad_csv"],
      [5, undefined, "bad_csv"],
      [6, undefined, "bad_csv"],
    ]);
  });

  test.each([
    ["semicolons", "user_id;name\na;A, B"],
    ["tabs", "user_id\tname\na\tA, B"],
    ["a byte order mark and capitals", '\uFEFFUser_ID,Name\na,"A, B"'],
  ])("may have %s", (_what, text) => {
    expect(read(text).rows[0]?.person).toMatchObject({ userId: "a", name: "A, B" });
  });

  test.each([
    ["no user_id", "name\nx", /lacks user_id/],
    ["a column nobody knows", "user_id,balence\na,1", /mean nothing here: balence/],
    ["a column twice", "user_id,name,name\na,b,c", /twice: name/],
    ["nothing in it", "", /lacks user_id/],
    ["other letters than UTF-8", new Uint8Array([0x75, 0x73, 0xff, 0x0a]), /not UTF-8/],
  ])("is refused with %s", (_what, text, message) => {
    expect(() => read(text)).toThrow(message);
  });

  test("that is not there is refused", () => {
    expect(() => readCsv("/nowhere/users.csv", COLUMNS, REQUIRED)).toThrow(/can't be read/);
  });
});
