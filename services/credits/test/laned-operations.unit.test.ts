import { describe, expect, test } from "vitest";
import type { AccountFigures } from "../src/domain/ledger/account.ts";
import type { ConsumeOperation, ConsumeResult } from "../src/domain/ledger/spending.ts";
import { LanedOperations } from "../src/store/laned-operations.ts";
import type { Ledger, LedgerSession } from "../src/usecases/ports.ts";

const figures: AccountFigures = { userId: "u", version: 1, balance: 0, held: 0, available: 0, status: "active" };
const op: ConsumeOperation = { userId: "u", amount: 1, reason: "x", actor: "u", requestKey: "k", requestHash: "h" };

/** A ledger whose transactions end as told, one after the other. */
function operationsOver(ends: readonly ("unknown" | "away" | "defect" | "commit")[]) {
  const seen: string[] = [];
  let nth = 0;
  const ledger: Ledger = {
    async write(_name, work) {
      const end = ends[nth] ?? "commit";
      nth += 1;
      const session = {
        consume: (_now: Date, operations: readonly ConsumeOperation[]) =>
          Promise.resolve(operations.map((): ConsumeResult => ({ outcome: "account_frozen", account: figures }))),
      } as unknown as LedgerSession;
      const result = await work(session);
      seen.push(end);
      if (end !== "commit") throw Object.assign(new Error(end), { code: end });
      return result;
    },
    read: () => Promise.reject(new Error("not used")),
  };
  const codeOf = (error: unknown) => (error as { code?: string }).code;
  const operations = new LanedOperations({
    ledger,
    clock: { now: () => new Date(0) },
    timeZone: "UTC",
    lanes: 1,
    maxBatch: 10,
    maxWaiting: 10,
    isTransient: (error) => codeOf(error) === "away" || codeOf(error) === "unknown",
    isUnknown: (error) => codeOf(error) === "unknown",
    overloaded: () => new Error("overloaded"),
    traced: (_name, fn) => fn(),
  });
  return { operations, seen };
}

describe("a connection that breaks during COMMIT", () => {
  test("the batch is tried once more: its keys make what was committed a replay", async () => {
    const { operations, seen } = operationsOver(["unknown", "commit"]);
    expect(await operations.consume(op)).toMatchObject({ outcome: "account_frozen" });
    expect(seen).toEqual(["unknown", "commit"]);
  });

  test("when that can't be told either, the caller hears that the outcome is unknown, not that nothing was done", async () => {
    for (const second of ["away", "unknown"] as const) {
      const { operations, seen } = operationsOver(["unknown", second]);
      await expect(operations.consume(op)).rejects.toMatchObject({ code: "unknown" });
      expect(seen).toHaveLength(2);
    }
  });

  test("a database that is away is not tried again by us", async () => {
    const { operations, seen } = operationsOver(["away"]);
    await expect(operations.consume(op)).rejects.toMatchObject({ code: "away" });
    expect(seen).toEqual(["away"]);
  });
});

test("an account that is due again right after it was settled never commits", async () => {
  const ledger: Ledger = {
    write: (_name, work) =>
      work({
        consume: (_now: Date, operations: readonly ConsumeOperation[]) =>
          Promise.resolve(operations.map((): ConsumeResult => ({ outcome: "reset_due", account: figures }))),
        loadDue: () => Promise.resolve([]),
      } as unknown as LedgerSession),
    read: () => Promise.reject(new Error("not used")),
  };
  const operations = new LanedOperations({
    ledger,
    clock: { now: () => new Date(0) },
    timeZone: "UTC",
    lanes: 1,
    maxBatch: 10,
    maxWaiting: 10,
    isTransient: () => false,
    isUnknown: () => false,
    overloaded: () => new Error("overloaded"),
    traced: (_name, fn) => fn(),
  });
  await expect(operations.consume(op)).rejects.toThrow("due again");
});
