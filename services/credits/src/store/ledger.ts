// One typed function a procedure that writes: the only place CALL stands (reads: reads.ts, allowance: allowance.ts, sweeps and
// checks: upkeep.ts). Each takes the caller's transaction, the moment and an array of operations, and answers an array of the same
// length in the same order. Procedures never commit: the answer is true only once the transaction has committed.
import type { Tx } from "@stipend/platform/mysql/tx";
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
import type { UserId } from "../domain/ledger/terms.ts";
import { optionalSqlTime, type Row } from "./codec.ts";
import { decodeDone, decodeHoldEnd, decodeInsufficient, inOrder } from "./results.ts";

/**
 * Creates missing accounts and locks all of them in primary-key order. Call it first when one transaction calls several
 * procedures over different accounts, so that two transactions can't wait for each other. At most 1,000.
 */
export async function lockAccounts(tx: Tx, now: Date, userIds: readonly UserId[]): Promise<void> {
  await tx.call("LockAccounts", now, userIds);
}

/** Spends credits; several operations of one account may stand in one batch and are judged in order. At most 1,000. */
export async function consumeCredits(
  tx: Tx,
  now: Date,
  operations: readonly ConsumeOperation[],
): Promise<ConsumeResult[]> {
  return inOrder(operations, await tx.call<Row>("ConsumeCredits", now, operations), decodeInsufficient);
}

/** Gives back a consumption, all or part, to the grants it came from. At most 1,000. */
export async function refundCredits(
  tx: Tx,
  now: Date,
  operations: readonly RefundOperation[],
): Promise<RefundResult[]> {
  return inOrder(operations, await tx.call<Row>("RefundCredits", now, operations), decodeDone);
}

/** Opens one grant an operation. At most 1,000. */
export async function grantCredits(tx: Tx, now: Date, operations: readonly GrantOperation[]): Promise<GrantResult[]> {
  const items = operations.map((operation) => ({ ...operation, expiresAt: optionalSqlTime(operation.expiresAt) }));
  return inOrder(operations, await tx.call<Row>("GrantCredits", now, items), decodeDone);
}

/** Signed corrections; a negative one takes at most what is available. At most 1,000. */
export async function adjustCredits(
  tx: Tx,
  now: Date,
  operations: readonly AdjustOperation[],
): Promise<AdjustResult[]> {
  return inOrder(operations, await tx.call<Row>("AdjustCredits", now, operations), decodeInsufficient);
}

/** Freezes and unfreezes. A frozen account refuses consume and hold; it may still capture, release, be refunded and be granted. */
export async function setAccountStatus(
  tx: Tx,
  now: Date,
  operations: readonly StatusOperation[],
): Promise<StatusResult[]> {
  return inOrder(operations, await tx.call<Row>("SetAccountStatus", now, operations), decodeDone);
}

/** Reserves credits of named grants until captured, released or expired. At most 1,000. */
export async function holdCredits(tx: Tx, now: Date, operations: readonly HoldOperation[]): Promise<HoldResult[]> {
  return inOrder(operations, await tx.call<Row>("HoldCredits", now, operations), decodeHoldEnd(now));
}

/** Spends a hold, all or part; the rest is freed in the same row. At most 1,000. */
export async function captureHolds(
  tx: Tx,
  now: Date,
  operations: readonly CaptureOperation[],
): Promise<HoldEndResult[]> {
  return inOrder(operations, await tx.call<Row>("CaptureHolds", now, operations), decodeHoldEnd(now));
}

/** Frees a hold. At most 1,000. */
export async function releaseHolds(
  tx: Tx,
  now: Date,
  operations: readonly ReleaseOperation[],
): Promise<HoldEndResult[]> {
  return inOrder(operations, await tx.call<Row>("ReleaseHolds", now, operations), decodeHoldEnd(now));
}

/** Opens the grant of a paid package, once for each payment reference. At most 1,000. */
export async function purchasePackages(
  tx: Tx,
  now: Date,
  operations: readonly PurchaseOperation[],
): Promise<PurchaseResult[]> {
  return inOrder(operations, await tx.call<Row>("PurchasePackages", now, operations), decodeDone);
}
