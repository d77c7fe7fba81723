import { ServiceUnavailable } from "@stipend/platform/errors/coded";
import { expect, test } from "vitest";
import type { OpeningOperation, OpeningResult } from "../src/domain/ledger/opening.ts";
import type { Audit } from "../src/domain/ledger/operation.ts";
import { type OpenAccounts, openAccounts } from "../src/usecases/open-accounts.ts";
import { day, UTC } from "./support/plain-account.ts";
import { figuresOf, plainLedger } from "./support/plain-ledger.ts";

const USERS = ["a", "b", "bad", "d", "e"];

async function open(over: Partial<OpenAccounts> = {}, failing: (userIds: readonly string[]) => unknown = () => null) {
  const asked: string[][] = [];
  let kept = 0;
  const ledger = plainLedger({
    openAccounts: (_now, operations: readonly OpeningOperation[]) => {
      const userIds = operations.map(({ userId }) => userId);
      asked.push(userIds);
      const failure = failing(userIds);
      if (failure !== null) return Promise.reject(failure as Error);
      return Promise.resolve(
        operations.map(({ userId }) => ({ outcome: "ok", account: figuresOf(userId) }) as OpeningResult),
      );
    },
  });
  const { write } = ledger;
  ledger.write = async (name, work) => {
    const result = await write(name, work);
    kept += 1;
    return result;
  };
  const openings = USERS.map((userId) => ({ userId, balance: 5, requestKey: `k-${userId}`, requestHash: "h" }));
  const command = { openings, actor: "root", reason: "moved", newAudit: () => ({}) as Audit, dryRun: false, ...over };
  const outcomes = await openAccounts({ ledger, clock: { now: () => day("2026-01-10") }, timeZone: UTC }, command);
  const said = outcomes.map((outcome) =>
    "failure" in outcome ? String(outcome.failure) : outcome.result.account?.userId,
  );
  return { said, asked, kept };
}

test("an opening that the database refuses fails alone, and the answers keep their order", async () => {
  const { said, asked } = await open({}, (userIds) => (userIds.includes("bad") ? new Error("refused") : null));
  expect(said).toEqual(["a", "b", "Error: refused", "d", "e"]);
  expect(asked).toEqual([USERS, ["a", "b", "bad"], ["a", "b"], ["bad"], ["d", "e"]]);
});

test("a database that is away is no opening's fault", async () => {
  const asked: unknown[] = [];
  const away = open({}, (userIds) => {
    asked.push(userIds);
    return new ServiceUnavailable("database_unavailable");
  });
  await expect(away).rejects.toBeInstanceOf(ServiceUnavailable);
  expect(asked).toHaveLength(1);
});

test("a dry run judges everything and its transaction ends with an error, so that nothing is kept", async () => {
  expect(await open({ dryRun: true })).toEqual({ said: USERS, asked: [USERS], kept: 0 });
  expect((await open()).kept).toBe(1);
});

test("nothing to open asks nobody", async () => {
  expect(await open({ openings: [] })).toEqual({ said: [], asked: [], kept: 0 });
});
