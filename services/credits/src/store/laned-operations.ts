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
import type { Operations } from "../usecases/operations.ts";
import type { Clock, Ledger } from "../usecases/ports.ts";
import {
  type Operation,
  type OperationKind,
  type OperationResult,
  type OperationResults,
  runOperations,
} from "../usecases/run-operations.ts";
import { Lanes } from "./lanes.ts";

export interface LanedOperationsOptions {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly timeZone: string;
  readonly lanes: number;
  readonly maxBatch: number;
  readonly maxWaiting: number;
  /** Errors that have nothing to do with the operations themselves. */
  isTransient(error: unknown): boolean;
  /** The connection broke during COMMIT: the batch may or may not have been made. */
  isUnknown(error: unknown): boolean;
  overloaded(): Error;
  /** Runs fn in a span of the caller's trace. */
  traced<T>(name: string, fn: () => Promise<T>): Promise<T>;
  onBatch?(size: number, kind: string): void;
  /** Seconds from an operation's arrival to the beginning of its transaction. */
  onWaited?(seconds: number, kind: string): void;
}

/**
 * The hot path: single operations on accounts, run in batches through lanes. Each answer comes after its COMMIT.
 * Operations that name the same user keep their order.
 */
export class LanedOperations implements Operations {
  readonly #options: LanedOperationsOptions;
  readonly #lanes: Lanes<Operation, OperationResult>;

  constructor(options: LanedOperationsOptions) {
    this.#options = options;
    this.#lanes = new Lanes({
      lanes: options.lanes,
      maxBatch: options.maxBatch,
      maxWaiting: options.maxWaiting,
      accountOf,
      kindOf: (operation) => operation.kind,
      run: (operations) => this.#run(operations),
      isTransient: options.isTransient,
      full: options.overloaded,
      ...(options.onBatch === undefined ? {} : { onBatch: options.onBatch }),
      ...(options.onWaited === undefined ? {} : { onWaited: options.onWaited }),
    });
  }

  get waiting(): number {
    return this.#lanes.waiting;
  }

  consume(op: ConsumeOperation): Promise<ConsumeResult> {
    return this.#submit("consume", { kind: "consume", op });
  }

  refund(op: RefundOperation): Promise<RefundResult> {
    return this.#submit("refund", { kind: "refund", op });
  }

  hold(op: HoldOperation): Promise<HoldResult> {
    return this.#submit("hold", { kind: "hold", op });
  }

  capture(op: CaptureOperation): Promise<HoldEndResult> {
    return this.#submit("capture", { kind: "capture", op });
  }

  release(op: ReleaseOperation): Promise<HoldEndResult> {
    return this.#submit("release", { kind: "release", op });
  }

  purchase(op: PurchaseOperation): Promise<PurchaseResult> {
    return this.#submit("purchase", { kind: "purchase", op });
  }

  grant(op: GrantOperation): Promise<GrantResult> {
    return this.#submit("grant", { kind: "grant", op });
  }

  adjust(op: AdjustOperation): Promise<AdjustResult> {
    return this.#submit("adjust", { kind: "adjust", op });
  }

  setStatus(op: StatusOperation): Promise<StatusResult> {
    return this.#submit("status", { kind: "status", op });
  }

  drain(): Promise<void> {
    return this.#lanes.drain();
  }

  #submit<K extends OperationKind>(kind: K, operation: Operation): Promise<OperationResults[K]> {
    // The SQL of a batch stands in the trace of its first operation only; this span says how long each one took.
    return this.#options.traced(`operation ${kind}`, async () => {
      // A lane answers each operation with a result of its own kind: batches never mix kinds.
      return (await this.#lanes.submit(operation)) as OperationResults[K];
    });
  }

  async #run(operations: readonly Operation[]): Promise<OperationResult[]> {
    try {
      return await this.#once(operations);
    } catch (error) {
      if (!this.#options.isUnknown(error)) throw error;
      // The keys make it safe: what was committed replays, what was not is done now.
      return this.#once(operations).catch((second: unknown) => {
        // "The database is away" would claim that nothing was changed; after an unknown COMMIT nobody may say so.
        throw this.#options.isTransient(second) ? error : second;
      });
    }
  }

  #once(operations: readonly Operation[]): Promise<OperationResult[]> {
    const kind = operations[0]?.kind ?? "consume";
    return this.#options.ledger.write(`credits.${kind}`, (session) =>
      runOperations(session, this.#options.clock.now(), operations, { timeZone: this.#options.timeZone }),
    );
  }
}

/** Whose order is kept. An operation that names no user is ordered with those on the same hold or transaction. */
function accountOf(operation: Operation): string {
  switch (operation.kind) {
    case "consume":
    case "hold":
    case "purchase":
    case "grant":
    case "adjust":
    case "status":
    case "repair":
      return operation.op.userId;
    case "capture":
    case "release":
      return operation.op.userId ?? `hold ${operation.op.holdId}`;
    case "refund":
      return operation.op.userId ?? `transaction ${operation.op.transactionId}`;
  }
}
