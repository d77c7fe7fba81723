import { expect, test } from "vitest";
import type { AccountFigures } from "../src/domain/ledger/account.ts";
import type { AllowanceState, AllowanceStep } from "../src/domain/ledger/allowance.ts";
import type { ConsumeOperation, ConsumeResult } from "../src/domain/ledger/spending.ts";
import { membershipToState } from "../src/domain/membership.ts";
import type { LedgerSession } from "../src/usecases/ports.ts";
import { runOperations } from "../src/usecases/run-operations.ts";
import { allowanceStep } from "../src/usecases/settle-allowances.ts";
import { day, lite, member, pro, UTC } from "./support/plain-account.ts";

const joined = member("2026-01-10");
const JANUARY = { servedStart: day("2026-01-01"), servedEnd: day("2026-02-01"), servedGiven: 250 };

function account(over: Partial<AllowanceState> = {}): AllowanceState {
  return {
    userId: "u",
    membershipVersion: 1,
    state: membershipToState(joined),
    servedStart: null,
    servedEnd: null,
    servedGiven: 0,
    allowanceRemaining: 0,
    dueAt: day("2026-01-10"),
    status: "active",
    ...over,
  };
}

test("the ledger row of an allowance says why it was written", () => {
  const reason = (state: AllowanceState, now: string) => allowanceStep(state, day(now), { timeZone: UTC }).reason;
  expect(reason(account(), "2026-01-10")).toBe("allowance of pro");
  expect(reason(account(JANUARY), "2026-02-01")).toBe("monthly reset of pro");
  expect(reason(account({ ...JANUARY, servedGiven: 100 }), "2026-01-12")).toBe("allowance raised to pro");
  const over = { endedAt: day("2026-01-20"), status: "ended", terms: { ...lite, onExpiry: "forfeit" } } as const;
  const ended = account({ ...JANUARY, state: membershipToState({ ...joined, ...over }) });
  expect(reason(ended, "2026-01-20")).toBe("membership lite ended");
  expect(reason(account(JANUARY), "2026-01-12")).toBe("membership changed");
  expect(reason(account({ state: null }), "2026-01-12")).toBe("membership changed");
});

test("a reset that an operation brings to light stands in the trace of that operation", async () => {
  const due = new Set(["a", "b"]);
  const steps: AllowanceStep[] = [];
  const figures = (userId: string): AccountFigures => ({
    userId,
    version: 1,
    balance: 0,
    held: 0,
    available: 0,
    status: "active",
  });
  const session = {
    consume: (_now: Date, operations: readonly ConsumeOperation[]) =>
      Promise.resolve(
        operations.map(
          ({ userId }): ConsumeResult => ({
            outcome: due.has(userId) ? "reset_due" : "account_frozen",
            account: figures(userId),
          }),
        ),
      ),
    loadDue: (_now: Date, userIds: readonly string[]) => Promise.resolve(userIds.map((userId) => account({ userId }))),
    settle: (_now: Date, given: readonly AllowanceStep[]) => {
      steps.push(...given);
      for (const { userId } of given) due.delete(userId);
      return Promise.resolve(given.map(() => ({ outcome: "first" as const })));
    },
  } as unknown as LedgerSession;
  const consume = (userId: string) => ({
    kind: "consume" as const,
    op: {
      userId,
      amount: 1,
      reason: "x",
      actor: "u",
      requestKey: userId,
      requestHash: "h",
      traceparent: `of ${userId}`,
    },
  });
  const results = await runOperations(session, day("2026-01-12"), ["a", "calm", "b"].map(consume), { timeZone: UTC });
  expect(results.map(({ outcome }) => outcome)).toEqual(["account_frozen", "account_frozen", "account_frozen"]);
  expect(steps.map(({ userId, traceparent, quota }) => [userId, traceparent, quota])).toEqual([
    ["a", "of a", pro.monthlyCredits],
    ["b", "of b", pro.monthlyCredits],
  ]);
});
