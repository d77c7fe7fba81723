import type { AllowanceStepResult } from "../domain/ledger/allowance.ts";
import type { Audit } from "../domain/ledger/operation.ts";
import type { UserId } from "../domain/ledger/terms.ts";
import type { Clock, Ledger } from "./ports.ts";
import { allowanceStep, forcedStep } from "./settle-allowances.ts";

export interface ResetAllowance {
  readonly userId: UserId;
  readonly actor: string;
  readonly reason: string;
  readonly audit: Audit;
  readonly requestKey: string;
  readonly requestHash: string;
  readonly traceparent?: string | undefined;
}

/**
 * An admin sets an active member's allowance to the quota now, whatever was given in this period: the one way around
 * "once a period", with a name and a reason in the audit log. A non-member keeps what there is.
 */
export async function resetAllowance(
  ports: { readonly ledger: Ledger; readonly clock: Clock; readonly timeZone: string },
  command: ResetAllowance,
): Promise<AllowanceStepResult> {
  return ports.ledger.write("admin.reset", async (session) => {
    const now = ports.clock.now();
    const [state] = await session.loadDue(now, [command.userId]);
    if (state === undefined) throw new Error("loadDue did not answer the account it was asked for");
    const options = { ...command, timeZone: ports.timeZone, traceparentOf: () => command.traceparent };
    const step = forcedStep(state, now, options) ?? {
      ...allowanceStep(state, now, options),
      reason: command.reason,
      audit: command.audit,
    };
    const [result] = await session.checkAndReset(now, [step]);
    if (result === undefined) throw new Error("no answer to a reset");
    return result;
  });
}
