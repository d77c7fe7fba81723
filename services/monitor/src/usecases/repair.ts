import { CodedError } from "@stipend/platform/errors/coded";
import { type Comparison, proposedRepair } from "../domain/consistency.ts";
import type { JobRules } from "../rules/all.ts";
import { checkAccounts } from "./check-consistency.ts";
import type { CheckSource, CheckStore } from "./ports.ts";

/** The admin on whose behalf a service is asked. */
export interface RepairAsker {
  readonly sub: string;
  readonly roles: readonly string[];
  readonly ip: string;
  readonly userAgent: string;
  readonly requestId: string;
  readonly traceparent: string | null;
}

export interface ViewRepairer {
  /** Has membership take over what credits says, if the view still shows what was compared. With its audit event. */
  refresh(
    comparison: Comparison,
    reason: string,
    asker: RepairAsker,
  ): Promise<"repaired" | "changed_meanwhile" | "unknown_user">;
}

export interface RepairParts {
  readonly source: CheckSource;
  readonly checks: CheckStore;
  readonly rules: JobRules;
  readonly repairer: ViewRepairer;
}

/** An account that moves on while it is mended is compared anew so often. */
const MAX_TRIES = 3;

/**
 * Compares an account now and mends what can be mended: a view that shows something else than sound books, or stands
 * still behind them. The account itself is never written: what credits says is right. Books that do not add up by
 * themselves are a person's matter.
 *
 * @throws CodedError user_not_found, nothing_to_repair, repair_by_hand.
 */
export async function repairAccount(
  { source, checks, rules, repairer }: RepairParts,
  {
    userId,
    reason,
    asker,
    now,
  }: { readonly userId: string; readonly reason: string; readonly asker: RepairAsker; readonly now: Date },
): Promise<{ readonly before: Comparison; readonly after: Comparison }> {
  const look = async () => {
    const { comparisons } = await checkAccounts(source, checks, rules, [userId], now);
    const [comparison] = comparisons;
    if (comparison === undefined) throw new CodedError("user_not_found");
    return comparison;
  };
  const before = await look();
  let current = before;
  for (let tries = 1; tries <= MAX_TRIES; tries++) {
    if (current.result === "equal") {
      if (tries === 1) throw new CodedError("nothing_to_repair");
      return { before, after: current };
    }
    if (proposedRepair(current) !== "refresh_view") {
      throw new CodedError("repair_by_hand", { details: { problems: current.problems } });
    }
    await repairer.refresh(current, reason, asker);
    current = await look();
  }
  return { before, after: current };
}
