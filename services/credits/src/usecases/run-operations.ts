import type { AccountFigures } from "../domain/ledger/account.ts";
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
import type { RepairOperation, RepairResult } from "../domain/repairs.ts";
import type { LedgerSession } from "./ports.ts";
import { repairAndProve } from "./repair-books.ts";
import { type SettleOptions, settleAccounts } from "./settle-allowances.ts";

/** One operation on one account, as a lane carries it. */
export type Operation =
  | { readonly kind: "consume"; readonly op: ConsumeOperation }
  | { readonly kind: "refund"; readonly op: RefundOperation }
  | { readonly kind: "hold"; readonly op: HoldOperation }
  | { readonly kind: "capture"; readonly op: CaptureOperation }
  | { readonly kind: "release"; readonly op: ReleaseOperation }
  | { readonly kind: "purchase"; readonly op: PurchaseOperation }
  | { readonly kind: "grant"; readonly op: GrantOperation }
  | { readonly kind: "adjust"; readonly op: AdjustOperation }
  | { readonly kind: "status"; readonly op: StatusOperation }
  | { readonly kind: "repair"; readonly op: RepairOperation };

export type OperationKind = Operation["kind"];

/** The answer to each kind of operation. */
export interface OperationResults {
  readonly consume: ConsumeResult;
  readonly refund: RefundResult;
  readonly hold: HoldResult;
  readonly capture: HoldEndResult;
  readonly release: HoldEndResult;
  readonly purchase: PurchaseResult;
  readonly grant: GrantResult;
  readonly adjust: AdjustResult;
  readonly status: StatusResult;
  readonly repair: RepairResult;
}

export type OperationResult = OperationResults[OperationKind];

/**
 * Runs operations of one kind in the caller's transaction. Where an allowance fell due a moment ago, it is given
 * first and the operation judged again, in the same transaction: what the member is owed counts.
 *
 * @throws Error when the ledger asks for a reset of an account that was just settled: a defect, the transaction must not commit.
 */
export async function runOperations(
  session: LedgerSession,
  now: Date,
  operations: readonly Operation[],
  options: SettleOptions,
): Promise<OperationResult[]> {
  const results = await callFor(session, now, operations);
  const waiting = results.flatMap((result, index) => (result.outcome === "reset_due" ? [index] : []));
  if (waiting.length === 0) return results;

  // The reset belongs to the trace of the operation that brought it to light.
  const traces = new Map(
    waiting.map((index) => [accountOf(results[index]).userId, operations[index]?.op.traceparent] as const),
  );
  await settleAccounts(session, now, [...traces.keys()], {
    ...options,
    traceparentOf: (userId) => traces.get(userId),
  });
  const again = waiting.map((index) => operations[index]).filter((operation) => operation !== undefined);
  const judged = await callFor(session, now, again);
  judged.forEach((result, nth) => {
    if (result.outcome === "reset_due") {
      throw new Error(`the account ${accountOf(result).userId} is due again right after it was settled`);
    }
    const index = waiting[nth];
    if (index !== undefined) results[index] = result;
  });
  return results;
}

function accountOf(result: OperationResult | undefined): AccountFigures {
  if (result === undefined || result.account === null)
    throw new Error("an answer without an account is due for a reset");
  return result.account;
}

function callFor(session: LedgerSession, now: Date, operations: readonly Operation[]): Promise<OperationResult[]> {
  const kind = operations[0]?.kind;
  switch (kind) {
    case "consume":
      return session.consume(now, pick(operations, "consume"));
    case "refund":
      return session.refund(now, pick(operations, "refund"));
    case "hold":
      return session.hold(now, pick(operations, "hold"));
    case "capture":
      return session.capture(now, pick(operations, "capture"));
    case "release":
      return session.release(now, pick(operations, "release"));
    case "purchase":
      return session.purchase(now, pick(operations, "purchase"));
    case "grant":
      return session.grant(now, pick(operations, "grant"));
    case "adjust":
      return session.adjust(now, pick(operations, "adjust"));
    case "status":
      return session.setStatus(now, pick(operations, "status"));
    case "repair":
      return repairAndProve(session, now, pick(operations, "repair"));
    default:
      return Promise.resolve([]);
  }
}

type OperationOf<K extends OperationKind> = Extract<Operation, { readonly kind: K }>["op"];

function pick<K extends OperationKind>(operations: readonly Operation[], kind: K): OperationOf<K>[] {
  return operations.map((operation) => {
    if (operation.kind !== kind) throw new Error("operations of one kind only");
    return operation.op as OperationOf<K>;
  });
}
