import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const PROCEDURES = join(import.meta.dirname, "../sql/procedures");
const UNNAMED = /\bJOIN (?:profiles|credit_grants|credit_holds|credit_transactions|membership_state) \w+ ON\b/;

// Why: docs/adr/0023.
test("joins of accounts, grants, holds and ledger rows name their index", () => {
  const files = readdirSync(PROCEDURES);
  expect(files).toContain("LedgerBook.sql");
  const unnamed = files.flatMap((file) =>
    readFileSync(join(PROCEDURES, file), "utf8")
      .split("\n")
      .filter((line) => UNNAMED.test(line))
      .map((line) => `${file}: ${line.trim()}`),
  );
  expect(unnamed).toEqual([]);
});
