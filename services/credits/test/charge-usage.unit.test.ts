import { expect, test } from "vitest";
import type { ConsumeOperation, ConsumeResult } from "../src/domain/ledger/spending.ts";
import type { RejectedUsage } from "../src/domain/ledger/usage.ts";
import { chargeUsage, type ReportedUsage } from "../src/usecases/charge-usage.ts";
import { day, UTC } from "./support/plain-account.ts";
import { figuresOf, plainLedger } from "./support/plain-ledger.ts";

const report = (over: Partial<ReportedUsage> = {}): ReportedUsage => ({
  eventId: "e1",
  identity: "i1",
  userId: "u",
  amount: 3,
  feature: "rewrite",
  reason: "a paragraph",
  source: "editor",
  ...over,
});

/** What the ledger was asked to charge and to reject. */
async function charge(
  reports: readonly ReportedUsage[],
  told: { known?: readonly string[]; flaw?: string; answer?: (operation: ConsumeOperation) => ConsumeResult } = {},
): Promise<{ charged: ConsumeOperation[]; rejected: RejectedUsage[] | undefined }> {
  const charged: ConsumeOperation[] = [];
  let rejected: RejectedUsage[] | undefined;
  const ok = ({ userId }: ConsumeOperation) => ({ outcome: "ok", account: figuresOf(userId) }) as ConsumeResult;
  await chargeUsage(
    {
      ledger: plainLedger({
        recordInbox: (_consumer, ids) => Promise.resolve(new Set(ids.filter((id) => !told.known?.includes(id)))),
        consume: (_now, operations) => {
          charged.push(...operations);
          return Promise.resolve(operations.map(told.answer ?? ok));
        },
        rejectUsage: (_now, rejections) => {
          rejected = [...rejections];
          return Promise.resolve();
        },
      }),
      clock: { now: () => day("2026-01-10") },
      timeZone: UTC,
      validate: () => told.flaw ?? null,
    },
    reports,
  );
  return { charged, rejected };
}

test("a report is charged once, whether it comes again later or in the same batch", async () => {
  const { charged, rejected } = await charge([report(), report(), report({ identity: "i2" })], { known: ["i2"] });
  expect(charged).toEqual([
    {
      userId: "u",
      amount: 3,
      feature: "rewrite",
      reason: "a paragraph",
      actor: "editor",
      traceparent: undefined,
      requestKey: "\x7fusage:i1",
      requestHash: expect.stringMatching(/^[0-9a-f]{64}$/),
    },
  ]);
  // An event that says that nothing was rejected would be noise.
  expect(rejected).toBeUndefined();
});

test("what a report leaves out is filled in, and what it says is part of its hash", async () => {
  const { charged } = await charge([report({ feature: "", reason: "" })]);
  expect(charged[0]).toMatchObject({ feature: undefined, reason: "usage" });
  const hashOf = async (over: Partial<ReportedUsage>) => (await charge([report(over)])).charged[0]?.requestHash;
  const hashes = await Promise.all([{}, { userId: "v" }, { amount: 4 }, { feature: "x" }].map(hashOf));
  expect(new Set(hashes).size).toBe(4);
  expect(await hashOf({ reason: "another", eventId: "e2" })).toBe(hashes[0]);
});

test("what can't be charged is answered with the reason; what was charged before is not", async () => {
  const answers: Record<string, ConsumeResult> = {
    done: { outcome: "replayed", account: figuresOf("done") } as ConsumeResult,
    poor: { outcome: "insufficient_credits", account: figuresOf("poor"), required: 3, available: 1, shortfall: 2 },
    cold: { outcome: "account_frozen", account: figuresOf("cold") },
  };
  const reports = Object.keys(answers).map((userId) => report({ userId, eventId: `e-${userId}`, identity: userId }));
  const { rejected } = await charge(reports, { answer: ({ userId }) => answers[userId] as ConsumeResult });
  expect(rejected?.map(({ usageId, code, detail }) => [usageId, code, detail])).toEqual([
    ["e-poor", "insufficient_credits", "3 needed, 1 available"],
    ["e-cold", "account_frozen", ""],
  ]);
});

test("a report may be anything; its answer can always be written", async () => {
  const rejectionOf = async (over: Partial<ReportedUsage>) => {
    const { charged, rejected } = await charge([report(over)], { flaw: "amount: must be a whole number" });
    expect(charged).toEqual([]);
    return rejected?.[0];
  };
  const detail = "amount: must be a whole number";
  expect(await rejectionOf({ amount: 0.5, traceparent: "t" })).toEqual({
    ...{ usageId: "e1", userId: "u", feature: "rewrite", amount: 0, code: "validation_failed", detail },
    traceparent: "t",
  });
  for (const userId of ["a".repeat(129), "", "two words", " u", "u "]) {
    expect(await rejectionOf({ userId })).toMatchObject({ userId: "unknown" });
  }
  expect(await rejectionOf({ userId: "a".repeat(128) })).toMatchObject({ userId: "a".repeat(128) });
  expect(await rejectionOf({ feature: "f".repeat(65) })).toMatchObject({ feature: "f".repeat(64) });
});
