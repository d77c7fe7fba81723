import type {
  AdjustOperation,
  AdjustResult,
  GrantOperation,
  GrantResult,
  StatusOperation,
  StatusResult,
} from "../domain/ledger/corrections.ts";
import type {
  CaptureOperation,
  HoldEndResult,
  HoldOperation,
  HoldResult,
  ReleaseOperation,
} from "../domain/ledger/holds.ts";
import type { PurchaseOperation, PurchaseResult } from "../domain/ledger/packages.ts";
import type { ConsumeOperation, ConsumeResult, RefundOperation, RefundResult } from "../domain/ledger/spending.ts";

/**
 * Single operations on accounts. Each answer comes after its COMMIT; operations that name the same user keep their
 * order. A refusal is an answer; it rejects only when nothing could be decided (the database is away, too many wait).
 */
export interface Operations {
  consume(op: ConsumeOperation): Promise<ConsumeResult>;
  refund(op: RefundOperation): Promise<RefundResult>;
  hold(op: HoldOperation): Promise<HoldResult>;
  capture(op: CaptureOperation): Promise<HoldEndResult>;
  release(op: ReleaseOperation): Promise<HoldEndResult>;
  purchase(op: PurchaseOperation): Promise<PurchaseResult>;
  grant(op: GrantOperation): Promise<GrantResult>;
  adjust(op: AdjustOperation): Promise<AdjustResult>;
  setStatus(op: StatusOperation): Promise<StatusResult>;
}
