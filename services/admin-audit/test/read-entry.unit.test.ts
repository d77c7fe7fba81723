import { expect, test } from "vitest";
import { entryOf, usersIn } from "../src/usecases/read-entry.ts";
import { at, chainOf } from "./builders.ts";

const row = at(chainOf(1), 0);

test.each([
  ["a grant", { action: "credits.grant", target: "alice", after: '{"amount":5}' }, ["alice"]],
  [
    "an alert, whose target is the alert",
    { action: "alert.resolve", target: "a1", after: '{"userId":"alice"}' },
    ["alice"],
  ],
  [
    "a write to a user that was refused",
    { action: "write.refused", target: "alice", after: '{"route":"/api/admin/users/:userId/credits/grants"}' },
    ["alice"],
  ],
  [
    "another refused write",
    { action: "write.refused", target: "pro", after: '{"route":"/api/admin/tiers/:code"}' },
    [],
  ],
  ["a tier", { action: "tier.set", target: "pro", after: '{"rank":3}' }, []],
  ["a state that is no object", { action: "tier.set", target: "pro", before: "null", after: "[1" }, []],
])("whose personal data a row is: %s", (_what, over, users) => {
  expect(usersIn(entryOf({ ...row, before: null, ...over }))).toEqual(users);
});
