import type { Tx } from "@stipend/platform/mysql/tx";
import type { AllowanceStep } from "../../src/domain/ledger/allowance.ts";
import type { GrantOperation } from "../../src/domain/ledger/corrections.ts";
import type { Hold, HoldOperation } from "../../src/domain/ledger/holds.ts";
import type { Done } from "../../src/domain/ledger/outcomes.ts";
import type { ConsumeOperation } from "../../src/domain/ledger/spending.ts";
import type { LedgerRow } from "../../src/domain/ledger/transactions.ts";
import { consumeCredits, grantCredits, holdCredits } from "../../src/store/ledger.ts";

export const NOW = new Date("2026-01-10T12:00:00.000Z");

export function at(iso: string): Date {
  return new Date(iso);
}

export function later(ms: number, from: Date = NOW): Date {
  return new Date(from.getTime() + ms);
}

let keys = 0;

/** A key of its own, and what every operation must say. */
export function request(key = `key-${++keys}`): {
  requestKey: string;
  requestHash: string;
  actor: string;
  reason: string;
} {
  return { requestKey: key, requestHash: `hash of ${key}`, actor: "tester", reason: "a test" };
}

let users = 0;

/** An account no other test has. */
export function freshUser(label = "user"): string {
  return `${label}-${++users}-${process.pid}`;
}

export type Outcome = { readonly outcome: string };

/** The answer as done; fails the test with the outcome otherwise. */
export function done<Extra>(answer: Outcome | undefined): Done<Extra> {
  if (answer?.outcome !== "ok" && answer?.outcome !== "replayed") {
    throw new Error(`expected ok, got ${JSON.stringify(answer)}`);
  }
  return answer as Done<Extra>;
}

export async function give(
  tx: Tx,
  userId: string,
  amount: number,
  more: Partial<GrantOperation> = {},
  now = NOW,
): Promise<LedgerRow> {
  const [answer] = await grantCredits(tx, now, [{ userId, amount, kind: "bonus", ...request(), ...more }]);
  return done(answer).transaction;
}

export async function spend(
  tx: Tx,
  userId: string,
  amount: number,
  more: Partial<ConsumeOperation> = {},
  now = NOW,
): Promise<LedgerRow> {
  const [answer] = await consumeCredits(tx, now, [{ userId, amount, ...request(), ...more }]);
  return done(answer).transaction;
}

export async function reserve(
  tx: Tx,
  userId: string,
  amount: number,
  more: Partial<HoldOperation> = {},
  now = NOW,
): Promise<Hold> {
  const [answer] = await holdCredits(tx, now, [{ userId, amount, ttlSeconds: 60, ...request(), ...more }]);
  return done<{ hold: Hold }>(answer).extra.hold;
}

/** The step that gives a month of `quota`, as TypeScript would plan it for the calendar month that contains `now`. */
export function month(userId: string, now: Date, quota: number, more: Partial<AllowanceStep> = {}): AllowanceStep {
  const start = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1));
  const end = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1));
  return {
    userId,
    membershipVersion: 1,
    action: "give",
    period: { start, end },
    quota,
    dueAt: end,
    tier: "pro",
    monthlyCredits: quota,
    nextResetAt: end,
    actor: "system",
    reason: "monthly allowance",
    ...more,
  };
}
