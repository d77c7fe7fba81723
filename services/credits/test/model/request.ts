// A request as both sides understand it: the procedure as an operation, the model as a call.
import type { AdjustOperation, GrantOperation, StatusOperation } from "../../src/domain/ledger/corrections.ts";
import type { CaptureOperation, HoldOperation, ReleaseOperation } from "../../src/domain/ledger/holds.ts";
import type { ConsumeOperation, RefundOperation } from "../../src/domain/ledger/spending.ts";
import type { GrantKind } from "../../src/domain/ledger/terms.ts";
import { type Item, SECOND, type Step } from "./histories.ts";
import type { ModelAccount, Verdict } from "./ledger-model.ts";

export type Request = { readonly key: string; readonly hash: string } & (
  | { readonly kind: "consume"; readonly amount: number }
  | { readonly kind: "hold"; readonly amount: number; readonly ttlMs: number }
  | { readonly kind: "capture"; readonly hold: number; readonly amount: number | undefined }
  | { readonly kind: "release"; readonly hold: number }
  | { readonly kind: "refund"; readonly row: number; readonly amount: number | undefined }
  | {
      readonly kind: "grant";
      readonly amount: number;
      readonly grantKind: Exclude<GrantKind, "allowance">;
      readonly priority: number;
      readonly expiresAt: number | null;
    }
  | { readonly kind: "adjust"; readonly amount: number }
  | { readonly kind: "freeze"; readonly action: "freeze" | "unfreeze" }
);
export type RequestKind = Request["kind"];

/** What the runner knows about one account besides the model. */
export interface Known {
  readonly userId: string;
  readonly model: ModelAccount;
  /** Ids of ledger rows by version, of holds in the order of their making. */
  readonly transactionIds: Map<number, string>;
  readonly holdIds: string[];
  readonly requests: Request[];
}

/** Nothing when the step needs what the account does not have (a hold, a transaction). */
export function requestsOf(account: Known, step: Step, stepIndex: number, now: number): Request[] {
  if (!("items" in step)) return [];
  const made: Request[] = [];
  step.items.forEach((item, index) => {
    const request = requestOf(account, made, step, item, `${stepIndex}.${index}`, now);
    if (request !== undefined) made.push(request);
  });
  account.requests.push(...made);
  return made;
}

function requestOf(account: Known, made: readonly Request[], step: Step, item: Item, key: string, now: number) {
  if (item.key === "twin") {
    const before = made.at(-1);
    if (before !== undefined) return before;
  }
  const earlier = account.requests.filter((request) => request.kind === step.kind);
  const old = earlier[item.pick % Math.max(1, earlier.length)];
  if (item.key === "replay" && old !== undefined) return old;
  const fresh = freshRequest(account, step, item, `k${key}`, now);
  if (item.key === "reuse" && old !== undefined && fresh !== undefined)
    return { ...fresh, key: old.key, hash: `other ${key}` };
  return fresh;
}

function freshRequest(account: Known, step: Step, item: Item, key: string, now: number): Request | undefined {
  const base = { key, hash: key };
  switch (step.kind) {
    case "consume":
      return { ...base, kind: "consume", amount: item.amount };
    case "hold":
      return { ...base, kind: "hold", amount: item.amount, ttlMs: step.ttlMs };
    case "capture":
    case "release": {
      if (account.holdIds.length === 0) return undefined;
      const hold = item.pick % account.holdIds.length;
      if (step.kind === "release") return { ...base, kind: "release", hold };
      return { ...base, kind: "capture", hold, amount: item.whole ? undefined : item.amount };
    }
    case "refund": {
      const versions = [...account.transactionIds.keys()];
      const version = versions[item.pick % Math.max(1, versions.length)];
      if (version === undefined) return undefined;
      return { ...base, kind: "refund", row: version - 1, amount: item.whole ? undefined : item.amount };
    }
    case "grant": {
      const { grantKind, priority, expiresInMs } = step;
      const expiresAt = expiresInMs === null ? null : now + expiresInMs;
      return { ...base, kind: "grant", amount: item.amount, grantKind, priority, expiresAt };
    }
    case "adjust":
      return { ...base, kind: "adjust", amount: step.down ? -item.amount : item.amount };
    case "freeze":
      return { ...base, kind: "freeze", action: item.whole ? "freeze" : "unfreeze" };
    default:
      return undefined;
  }
}

/** Asks the model. */
export function ask(model: ModelAccount, request: Request, now: number): Verdict {
  const { key, hash } = request;
  switch (request.kind) {
    case "consume":
      return model.consume(now, request.amount, key, hash);
    case "hold":
      return model.hold(now, request.amount, request.ttlMs, key, hash);
    case "capture":
      return model.capture(request.hold, request.amount, key, hash);
    case "release":
      return model.release(request.hold, key, hash);
    case "refund":
      return model.refund(now, request.row, request.amount, key, hash);
    case "grant":
      return model.grant(request.grantKind, request.amount, request.priority, request.expiresAt, key, hash);
    case "adjust":
      return model.adjust(now, request.amount, key, hash);
    case "freeze":
      return model.setStatus(request.action, key, hash);
  }
}

export type AnyOperation =
  | ConsumeOperation
  | HoldOperation
  | CaptureOperation
  | ReleaseOperation
  | RefundOperation
  | GrantOperation
  | AdjustOperation
  | StatusOperation;

/** The same request for the procedure. */
export function operationOf(account: Known, request: Request): AnyOperation {
  const { userId } = account;
  const base = {
    userId,
    requestKey: request.key,
    requestHash: request.hash,
    actor: userId,
    reason: `${request.kind} of a history`,
  };
  switch (request.kind) {
    case "consume":
      return { ...base, amount: request.amount, feature: "history" };
    case "hold":
      return { ...base, amount: request.amount, ttlSeconds: request.ttlMs / SECOND };
    case "capture":
      return { ...base, holdId: account.holdIds[request.hold] ?? "0", amount: request.amount };
    case "release":
      return { ...base, holdId: account.holdIds[request.hold] ?? "0" };
    case "refund":
      return { ...base, transactionId: account.transactionIds.get(request.row + 1) ?? "0", amount: request.amount };
    case "grant": {
      const expiresAt = request.expiresAt === null ? undefined : new Date(request.expiresAt);
      return { ...base, amount: request.amount, kind: request.grantKind, priority: request.priority, expiresAt };
    }
    case "adjust":
      return { ...base, amount: request.amount };
    case "freeze":
      return { ...base, action: request.action };
  }
}
