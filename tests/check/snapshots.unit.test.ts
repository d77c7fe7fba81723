import { expect, test } from "vitest";
import { staleIn } from "./snapshots.ts";

const FILE = "services/credits/sql/procedures/Spend.sql";
const TEXT = "-- NAME\n--   Spend\nCREATE PROCEDURE Spend(IN in_now DATETIME(3))\nBEGIN\n  SELECT 1;\nEND\n";
const SNAPSHOT = "CREATE PROCEDURE `Spend`(IN in_now DATETIME(3))\nBEGIN\n  SELECT 1;\nEND;\n";

test("a procedure that stands in the snapshot word for word is current", () => {
  expect(staleIn(SNAPSHOT, FILE, TEXT)).toBeUndefined();
});
test("a procedure whose body was changed is not", () => {
  expect(staleIn(SNAPSHOT, FILE, TEXT.replace("SELECT 1", "SELECT 2"))).toBe("Spend reads otherwise");
});
test("a procedure that the snapshot does not name is missing", () => {
  expect(staleIn("", FILE, TEXT)).toBe("Spend is missing");
});
