import type { Operations } from "./operations.ts";

/** A frozen account tried to spend. */
export type TellFrozen = (userId: string, operation: "consume" | "hold") => void;

/** The same operations; each refusal of a frozen account is told as well. Costs nothing unless there is one. */
export function tellingFrozen(operations: Operations, tell: TellFrozen): Operations {
  return {
    async consume(op) {
      const result = await operations.consume(op);
      if (result.outcome === "account_frozen") tell(op.userId, "consume");
      return result;
    },
    async hold(op) {
      const result = await operations.hold(op);
      if (result.outcome === "account_frozen") tell(op.userId, "hold");
      return result;
    },
    refund: (op) => operations.refund(op),
    capture: (op) => operations.capture(op),
    release: (op) => operations.release(op),
    purchase: (op) => operations.purchase(op),
    grant: (op) => operations.grant(op),
    adjust: (op) => operations.adjust(op),
    setStatus: (op) => operations.setStatus(op),
  };
}
