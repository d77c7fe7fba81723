import { CodedError } from "@stipend/platform/errors/coded";
import type { Hold } from "../domain/ledger/holds.ts";

/** Any answer of the ledger that changed nothing, with whatever its kind of refusal adds. */
export interface Refusal {
  readonly outcome: string;
  readonly required?: number;
  readonly available?: number;
  readonly shortfall?: number;
  readonly refundable?: number;
  readonly hold?: Hold;
}

/** The problem's code and members for an outcome of the ledger; the status stands in the table of problems. */
export function refusalOf(refusal: Refusal, options: readonly unknown[] = []): CodedError {
  switch (refusal.outcome) {
    case "insufficient_credits": {
      const { required, available, shortfall } = refusal;
      return new CodedError("insufficient_credits", {
        message: `${required} credits are needed, ${available} are available`,
        details: { required, available, shortfall, options },
      });
    }
    case "refund_exceeds_original":
      return new CodedError(refusal.outcome, {
        message: `${refusal.refundable} credits are left to give back`,
        details: { refundable: refusal.refundable },
      });
    case "hold_captured":
    case "hold_released":
    case "hold_expired": {
      const status = refusal.outcome.slice("hold_".length);
      return new CodedError("hold_ended", {
        message: `the hold was ${status}`,
        // Not `status`: that name is the problem's own.
        details: { holdId: refusal.hold?.holdId, holdStatus: status },
      });
    }
    case "capture_exceeds_hold":
      return new CodedError(refusal.outcome, {
        message: `the hold reserved ${refusal.hold?.amount} credits`,
        details: { held: refusal.hold?.amount },
      });
    case "invalid":
      // The contract lets nothing through that the ledger calls malformed; if it does, that is our defect.
      return new CodedError("internal_error", { message: "the ledger refused an item as malformed" });
    default:
      return new CodedError(refusal.outcome);
  }
}
