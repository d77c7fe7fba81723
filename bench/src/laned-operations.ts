import { LanedOperations, type LanedOperationsOptions } from "@stipend/credits/store/laned-operations";
import { isTransient } from "@stipend/platform/mysql/errors";

/** The hot path as the service runs it, without traces; a bench says what it varies. */
export function lanedOperations(
  options: Pick<LanedOperationsOptions, "ledger" | "clock" | "lanes" | "onBatch">,
): LanedOperations {
  return new LanedOperations({
    timeZone: "UTC",
    maxBatch: 200,
    maxWaiting: 100_000,
    isTransient,
    isUnknown: () => false,
    overloaded: () => new Error("overloaded"),
    traced: (_name, fn) => fn(),
    ...options,
  });
}
