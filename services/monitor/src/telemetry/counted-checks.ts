import type { Comparison } from "../domain/consistency.ts";
import type { CheckStore } from "../usecases/ports.ts";

/**
 * Tells after each COMMIT which accounts were compared, whoever asked: the rolling pass, a second look or a person. A
 * run that was rolled back is not told.
 */
export function countedChecks(store: CheckStore, told: (comparisons: readonly Comparison[]) => void): CheckStore {
  return {
    passState: () => store.passState(),
    unequal: (before, limit) => store.unequal(before, limit),
    async checking(work) {
      let seen: Comparison[] = [];
      const result = await store.checking((tx) => {
        seen = [];
        return work({
          ...tx,
          recordChecks: async (comparisons, now) => {
            const remarks = await tx.recordChecks(comparisons, now);
            seen.push(...comparisons);
            return remarks;
          },
        });
      });
      told(seen);
      return result;
    },
  };
}
