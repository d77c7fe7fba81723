import { randomInt } from "node:crypto";
import type { LanedOperations } from "@stipend/credits/store/laned-operations";
import { memberId } from "./fill-members.ts";

export interface Spending {
  /** Stops and waits for what is under way. */
  stop(): Promise<{ readonly waits: readonly number[]; readonly refused: number; readonly failed: number }>;
}

/**
 * Consumptions of random accounts at a steady rate, whether or not the earlier ones were answered: a service that falls
 * behind shows it in the waits (milliseconds from submission to the answer after COMMIT). Their keys begin with `series`.
 */
export function spendSteadily(
  operations: LanedOperations,
  members: number,
  perSecond: number,
  series = "spend",
): Spending {
  const waits: number[] = [];
  const underWay = new Set<Promise<void>>();
  let refused = 0;
  let failed = 0;
  let made = 0;
  const began = performance.now();
  const one = async (n: number): Promise<void> => {
    const userId = memberId(randomInt(members));
    const asked = performance.now();
    try {
      const { outcome } = await operations.consume({
        userId,
        amount: 1,
        requestKey: `${series}-${n}`,
        requestHash: "bench",
        actor: userId,
        reason: "rewrite of a paragraph",
      });
      waits.push(performance.now() - asked);
      if (outcome !== "ok") refused += 1;
    } catch (error) {
      failed += 1;
      if (failed === 1) console.error("a consumption failed:", error);
    }
  };
  const timer = setInterval(() => {
    // What a late timer owes is made up for, so that the rate stays.
    for (const owed = ((performance.now() - began) * perSecond) / 1_000; made < owed; made += 1) {
      const spend = one(made).finally(() => underWay.delete(spend));
      underWay.add(spend);
    }
  }, 5);
  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(underWay);
      return { waits, refused, failed };
    },
  };
}
