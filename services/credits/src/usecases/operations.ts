import type {
  CaptureOperation,
  ConsumeOperation,
  ConsumeResult,
  HoldEndResult,
  HoldOperation,
  HoldResult,
  PurchaseOperation,
  PurchaseResult,
  RefundOperation,
  RefundResult,
  ReleaseOperation,
} from "../domain/ledger.ts";

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
}
