import { describe, expect, test } from "vitest";
import {
  deadLinks,
  domainIsPure,
  environmentOnlyInConfig,
  noForeignPlaces,
  proceduresAreWellMade,
  sqlOnlyInStore,
  testsAreWhole,
} from "./house.ts";

const PROCEDURE = `-- NAME
--   Spend: takes credits.
-- SYNOPSIS
--   CALL Spend(in_ops, in_now)
-- PARAMETERS
--   in_ops  the operations
-- RETURNS
--   a row an operation
-- ERRORS
--   none
-- LOCKS
--   profiles
-- EXAMPLE
--   CALL Spend('[]', '2026-01-01'); -- the caller does COMMIT
CREATE PROCEDURE Spend(IN in_ops JSON, IN in_now DATETIME(3))
BEGIN
  SELECT 'COMMIT' AS word;
END
`;

describe("CALL and SQL stand in the store only", () => {
  const planted = [
    'await tx.call("ConsumeCredits", operations);',
    "await tx.call<Row>(\n  `ConsumeCredits`, operations);",
    'await tx.callMulti("CheckCreditsSync", from);',
    "await db.query('CALL GrantCredits(?)', [x]);",
    "await db.query(`\n  SELECT balance FROM profiles`);",
    'await db.query("UPDATE profiles SET balance = 0");',
  ];
  test.each(planted)("refused at a door: %s", (line) => {
    expect(sqlOnlyInStore("services/credits/src/http/a.ts", line)).toHaveLength(1);
  });
  test.each(planted)("allowed in the store: %s", (line) => {
    expect(sqlOnlyInStore("services/credits/src/store/a.ts", line)).toEqual([]);
  });
  test("the platform calls its own outbox and inbox, and nothing else", () => {
    expect(sqlOnlyInStore("packages/platform/src/outbox/relay.ts", planted[0] ?? "")).toEqual([]);
    expect(sqlOnlyInStore("packages/platform/src/http/server.ts", planted[0] ?? "")).toHaveLength(1);
  });
  test("comments and JavaScript's own call() are no SQL", () => {
    const text =
      '// tx.call("ConsumeCredits")\n/* CALL Grant */\nhandler.call(this, "x"); const s = "call me"; pick("select");';
    expect(sqlOnlyInStore("services/credits/src/http/a.ts", text)).toEqual([]);
  });
});

describe("the environment is read in config.ts only", () => {
  test.each(["process.env.PORT", "const e = process\n  .env;", 'import { env } from "node:process";'])("%s", (line) => {
    expect(environmentOnlyInConfig("services/credits/src/app.ts", line)).toHaveLength(1);
    expect(environmentOnlyInConfig("packages/platform/src/http/server.ts", line)).toHaveLength(1);
    expect(environmentOnlyInConfig("services/credits/src/config.ts", line)).toEqual([]);
  });
  test("main.ts hands it on whole, and reads nothing of it", () => {
    expect(environmentOnlyInConfig("services/credits/src/main.ts", "loadConfig(process.env);")).toEqual([]);
    expect(environmentOnlyInConfig("services/credits/src/main.ts", "loadConfig(process.env.PORT);")).toHaveLength(1);
  });
  test("the line of a finding is right", () => {
    expect(environmentOnlyInConfig("services/credits/src/app.ts", "/* a\n b */\nprocess.env.X")[0]?.line).toBe(3);
  });
});

describe("domain and use cases read no clock", () => {
  test.each(["Date.now()", "new Date()", "Math.random()", "Temporal.Now.instant()", "randomUUID()"])("%s", (line) => {
    expect(domainIsPure("services/credits/src/domain/period.ts", line)).toHaveLength(1);
    expect(domainIsPure("services/credits/src/usecases/consume.ts", line)).toHaveLength(1);
    expect(domainIsPure("services/credits/src/jobs/sweep.ts", line)).toEqual([]);
  });
  test("a date made from an argument is pure, and so is a hash", () => {
    const text = 'import { createHash } from "node:crypto";\nnew Date(at);';
    expect(domainIsPure("services/credits/src/domain/period.ts", text)).toEqual([]);
  });
  test("the rest of crypto is not", () => {
    const text = 'import { createHash, randomBytes } from "node:crypto";';
    expect(domainIsPure("services/credits/src/domain/period.ts", text)).toHaveLength(1);
  });
});

describe("procedures", () => {
  const path = "services/credits/sql/procedures/Spend.sql";
  test("a good one passes, words in comments and texts do not count", () => {
    expect(proceduresAreWellMade(path, PROCEDURE)).toEqual([]);
  });
  test("one that only other procedures call needs no whole page", () => {
    const page = "-- NAME\n--   Spend: takes credits. Internal.\n";
    expect(proceduresAreWellMade(path, page + PROCEDURE.slice(PROCEDURE.indexOf("CREATE")))).toEqual([]);
  });
  test.each([
    ["another name", PROCEDURE.replace("PROCEDURE Spend", "PROCEDURE Spent")],
    ["a second statement first", `DROP PROCEDURE IF EXISTS Spend;\n${PROCEDURE}`],
    ["no manual page", PROCEDURE.replace("-- LOCKS", "-- locks")],
    ["COMMIT", PROCEDURE.replace("SELECT", "COMMIT;\n  SELECT")],
    ["TRUNCATE", PROCEDURE.replace("SELECT", "TRUNCATE t;\n  SELECT")],
    ["NOW()", PROCEDURE.replace("'COMMIT'", "NOW(3)")],
    ["DELIMITER", PROCEDURE.replace("BEGIN", "BEGIN\nDELIMITER $$")],
  ])("refused: %s", (_, text) => {
    expect(proceduresAreWellMade(path, text)).toHaveLength(1);
  });
});

describe("the project names no foreign place", () => {
  test.each(["cd /work/app", "see /root/notes.md", "/home/ann/x"])("%s", (line) => {
    expect(noForeignPlaces("docs/operating.md", line)).toHaveLength(1);
  });
  test("a registry in the lock file", () => {
    expect(noForeignPlaces("package-lock.json", '"resolved": "https://registry.example/x.tgz"')).toHaveLength(1);
  });
  test("URLs and relative paths pass", () => {
    expect(noForeignPlaces("docs/a.md", "https://example.org/work/x ../home/ann/x ./work/x")).toEqual([]);
  });
});

describe("tests are whole", () => {
  test.each(["test.only('x')", "describe.skip('x')", "it.todo('x')", "await sleep(100)", "vi.mock('./x')"])(
    "%s",
    (line) => {
      expect(testsAreWhole("services/credits/test/a.int.test.ts", line)).toHaveLength(1);
    },
  );
  test("skipIf with a reason is a condition, not a hand", () => {
    expect(testsAreWhole("services/credits/test/a.int.test.ts", "test.skipIf(!docker)('x')")).toEqual([]);
  });
});

describe("links", () => {
  test("dead ones are found, outside of code blocks", () => {
    const text = "[a](../README.md) [b](no.md#x) [c](https://x.y) [d](#here)\n```\n[e](gone.md)\n```";
    const found = deadLinks("docs/a.md", text, (path) => path === "README.md");
    expect(found.map((finding) => finding.message)).toEqual(["the link leads nowhere: no.md"]);
  });
});
