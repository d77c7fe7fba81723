import { expect, it } from "vitest";
import type { Comparison } from "../src/domain/consistency.ts";
import { countedChecks } from "../src/telemetry/counted-checks.ts";
import type { CheckStore, CheckTransaction } from "../src/usecases/ports.ts";
import { T0 } from "./builders.ts";

const comparisons = [{ result: "equal" }, { result: "different" }] as unknown as readonly Comparison[];

/** Runs the work of a transaction so often and commits the last run, or none. */
function storeOf(runs: number, commits = true): CheckStore {
  const tx = { recordChecks: () => Promise.resolve([]) } as unknown as CheckTransaction;
  return {
    passState: () => Promise.reject(new Error("not used")),
    unequal: () => Promise.resolve([]),
    async checking(work) {
      for (let run = 1; run < runs; run += 1) await work(tx);
      const result = await work(tx);
      if (!commits) throw new Error("the COMMIT failed");
      return result;
    },
  };
}

it("tells what was compared once, after the COMMIT, however often the transaction was run", async () => {
  const told: unknown[] = [];
  const store = countedChecks(storeOf(3), (seen) => told.push(seen));
  const result = await store.checking(async (tx) => {
    await tx.recordChecks(comparisons, T0);
    expect(told).toEqual([]);
    return "answer";
  });
  expect(result).toBe("answer");
  expect(told).toEqual([comparisons]);
});

it("tells nothing of what was not committed", async () => {
  const told: unknown[] = [];
  const store = countedChecks(storeOf(1, false), (seen) => told.push(seen));
  await expect(store.checking((tx) => tx.recordChecks(comparisons, T0))).rejects.toThrow("COMMIT");
  expect(told).toEqual([]);
});
