// Plays histories against the procedures and the model side by side, and compares after every step.
import type { Database } from "@stipend/platform/mysql/database";
import type { AllowanceStep } from "../../src/domain/ledger/allowance.ts";
import type { GrantOperation, StatusOperation } from "../../src/domain/ledger/corrections.ts";
import type { CaptureOperation, HoldOperation, ReleaseOperation } from "../../src/domain/ledger/holds.ts";
import type { ConsumeOperation, RefundOperation } from "../../src/domain/ledger/spending.ts";
import type { Draw, LedgerRow } from "../../src/domain/ledger/transactions.ts";
import { applyMembership, checkAndResetUserCredits } from "../../src/store/allowance.ts";
import {
  adjustCredits,
  captureHolds,
  consumeCredits,
  grantCredits,
  holdCredits,
  refundCredits,
  releaseHolds,
  setAccountStatus,
} from "../../src/store/ledger.ts";
import { getAccounts, listTransactions } from "../../src/store/reads.ts";
import { checkCreditsSync } from "../../src/store/upkeep.ts";
import { type Histories, PERIOD, type Step } from "./histories.ts";
import { ModelAccount, type Verdict } from "./ledger-model.ts";
import {
  type AnyOperation,
  ask,
  type Known,
  operationOf,
  type Request,
  type RequestKind,
  requestsOf,
} from "./request.ts";

export interface Answered {
  readonly outcome: string;
  readonly transaction?: LedgerRow | null | undefined;
  readonly extra?: unknown;
}

export interface Player extends Known {
  quota: number;
  rolloverCap: number;
  joined: boolean;
  /** For the report of a failure. */
  readonly story: string[];
}

const START = Date.UTC(2026, 0, 1);
const KINDS: readonly RequestKind[] = ["consume", "hold", "capture", "release", "refund", "grant", "adjust", "freeze"];

export function newPlayer(userId: string): Player {
  return {
    userId,
    model: new ModelAccount(),
    transactionIds: new Map(),
    holdIds: [],
    requests: [],
    quota: 0,
    rolloverCap: 0,
    joined: false,
    story: [],
  };
}

/** Calls the procedure of a kind with operations that fit it. */
export async function call(
  db: Database,
  kind: RequestKind,
  now: Date,
  operations: AnyOperation[],
): Promise<Answered[]> {
  return await db.transaction(async (tx): Promise<Answered[]> => {
    // operationOf made them for this kind.
    switch (kind) {
      case "consume":
        return await consumeCredits(tx, now, operations as ConsumeOperation[]);
      case "hold":
        return await holdCredits(tx, now, operations as HoldOperation[]);
      case "capture":
        return await captureHolds(tx, now, operations as CaptureOperation[]);
      case "release":
        return await releaseHolds(tx, now, operations as ReleaseOperation[]);
      case "refund":
        return await refundCredits(tx, now, operations as RefundOperation[]);
      case "grant":
        return await grantCredits(tx, now, operations as GrantOperation[]);
      case "adjust":
        return await adjustCredits(tx, now, operations as ConsumeOperation[]);
      case "freeze":
        return await setAccountStatus(tx, now, operations as StatusOperation[]);
    }
  });
}

/** @throws Error telling the story of the account that came out different. */
export async function play(db: Database, prefix: string, histories: Histories): Promise<void> {
  const players = histories.accounts.map((_, index) => newPlayer(`${prefix}-${index}`));
  let now = START;
  for (const [stepIndex, advance] of histories.advances.entries()) {
    now += advance;
    const steps = players.map((player, index) => ({ player, step: histories.accounts[index]?.[stepIndex] ?? idle }));
    for (const { player, step } of steps) player.story.push(`${new Date(now).toISOString()} ${JSON.stringify(step)}`);
    await playRequests(db, steps, stepIndex, now);
    await playMemberships(db, steps, now);
    await compareAccounts(db, players, now);
  }
  await compareLedgers(db, players);
}

const idle: Step = { kind: "idle" };

interface Move {
  readonly player: Player;
  readonly step: Step;
}

async function playRequests(db: Database, moves: readonly Move[], stepIndex: number, now: number): Promise<void> {
  for (const kind of KINDS) {
    const asked: { player: Player; request: Request; verdict: Verdict }[] = [];
    for (const { player, step } of moves) {
      if (step.kind !== kind) continue;
      const requests = requestsOf(player, step, stepIndex, now);
      if (requests.length > 0) player.model.lapse(now);
      for (const request of requests) asked.push({ player, request, verdict: ask(player.model, request, now) });
      if (kind === "capture" || kind === "release") if (requests.length > 0) player.model.lapseGrants(now);
    }
    if (asked.length === 0) continue;
    const operations = asked.map(({ player, request }) => operationOf(player, request));
    const answers = await call(db, kind, new Date(now), operations);
    asked.forEach(({ player, request, verdict }, index) => {
      const answer = answers[index];
      if (answer === undefined) throw different(player, "no answer", request, null);
      player.story.push(`  ${JSON.stringify(request)} → ${answer.outcome}`);
      learn(player, request, verdict, answer);
    });
  }
}

function learn(player: Player, request: Request, verdict: Verdict, answer: Answered): void {
  if (answer.outcome !== verdict.outcome) throw different(player, "outcome", answer.outcome, verdict.outcome);
  if (verdict.row === null) return;
  const row = answer.transaction;
  if (row === undefined || row === null) throw different(player, "no row", null, verdict);
  if (row.version !== verdict.row + 1) throw different(player, "version", row.version, verdict.row + 1);
  player.transactionIds.set(row.version, row.id);
  if (request.kind === "hold" && answer.outcome === "ok") player.holdIds.push(row.holdId ?? "none");
}

async function playMemberships(db: Database, moves: readonly Move[], now: number): Promise<void> {
  const changed = moves.filter(({ step }) => step.kind === "join" || step.kind === "leave");
  if (changed.length > 0) {
    const operations = changed.map(({ player, step }) => {
      const version = (player.model.membershipVersion ?? 0) + 1;
      player.model.membershipVersion = version;
      player.joined = step.kind === "join";
      if (step.kind === "join") Object.assign(player, { quota: step.quota, rolloverCap: step.rolloverCap });
      return {
        userId: player.userId,
        version,
        state: { quota: player.quota },
        activeUntil: player.joined ? ("open" as const) : null,
      };
    });
    // Twice, and an older one behind it: only the newest counts, once.
    const late = operations.map((operation) => ({ ...operation, version: operation.version - 1 }));
    await db.transaction((tx) => applyMembership(tx, new Date(now), [...operations, ...operations, ...late]));
  }
  const planned = moves.flatMap(({ player, step }) => {
    const plan = planOf(player, step, now);
    return plan === undefined ? [] : [{ player, ...plan }];
  });
  if (planned.length === 0) return;
  const steps = planned.map(({ operation }) => operation);
  const answers = await db.transaction((tx) => checkAndResetUserCredits(tx, new Date(now), steps));
  planned.forEach(({ player, expected }, index) => {
    const answer = answers[index];
    if (answer?.outcome !== expected.outcome) throw different(player, "allowance", answer?.outcome, expected.outcome);
    player.story.push(`  allowance → ${answer.outcome}`);
    if (answer.transaction !== null) player.transactionIds.set(answer.transaction.version, answer.transaction.id);
  });
}

function planOf(player: Player, step: Step, now: number): { operation: AllowanceStep; expected: Verdict } | undefined {
  if (step.kind !== "join" && step.kind !== "leave" && step.kind !== "settle") return undefined;
  if (step.kind === "settle" && !player.joined) return undefined;
  const { model, userId } = player;
  const start = START + Math.floor((now - START) / PERIOD) * PERIOD;
  const end = start + PERIOD;
  const stale = step.kind === "settle" && step.stale;
  const version = model.membershipVersion;
  const member = { tier: "pro", monthlyCredits: player.quota, nextResetAt: new Date(end), dueAt: new Date(end) };
  const base = { userId, actor: "system", reason: "history", membershipVersion: stale ? (version ?? 0) + 7 : version };
  model.lapse(now);
  if (step.kind === "leave") {
    const none = { tier: null, monthlyCredits: null, nextResetAt: null, dueAt: null };
    if (step.forfeit) return { operation: { ...base, ...none, action: "forfeit" }, expected: model.forfeit() };
    model.dueAt = null;
    return { operation: { ...base, ...none, action: "none" }, expected: { outcome: "unchanged", row: null } };
  }
  const period = { start: new Date(start), end: new Date(end) };
  const { quota, rolloverCap } = player;
  const operation: AllowanceStep = { ...base, ...member, action: "give", period, quota, rolloverCap };
  if (stale) return { operation, expected: { outcome: "stale", row: null } };
  return { operation, expected: model.give(now, start, end, quota, rolloverCap, end) };
}

async function compareAccounts(db: Database, players: readonly Player[], now: number): Promise<void> {
  const userIds = players.map(({ userId }) => userId);
  const [views, checks] = await db.transaction(async (tx) => [
    await getAccounts(tx, new Date(now), userIds),
    await checkCreditsSync(tx, { userIds }),
  ]);
  const viewOf = new Map(views.map((view) => [view.userId, view]));
  for (const check of checks) {
    const player = players.find(({ userId }) => userId === check.userId);
    if (player !== undefined && check.problems.length > 0) throw different(player, "invariants", check.problems, []);
  }
  for (const player of players) {
    const view = viewOf.get(player.userId);
    if (view === undefined) continue;
    const { model } = player;
    const grants = view.grants.map((grant) => [
      grant.kind,
      grant.remaining,
      grant.reserved,
      grant.priority,
      grant.expiresAt?.getTime() ?? null,
    ]);
    const expected = model.grants
      .filter((grant) => grant.remaining > 0)
      .map((grant) => [grant.kind, grant.remaining, grant.reserved, grant.priority, grant.expiresAt]);
    same(
      player,
      "account",
      [view.version, view.balance, view.held, view.status],
      [model.rows.length, model.balance, model.held, model.status],
    );
    same(player, "grants", grants.map(String).sort(), expected.map(String).sort());
  }
}

async function compareLedgers(db: Database, players: readonly Player[]): Promise<void> {
  await db.transaction(async (tx) => {
    for (const player of players) {
      const rows = await listTransactions(tx, { userId: player.userId, limit: 1_000 });
      rows.reverse();
      const places = new Map<string, number>();
      const told = rows.map((row) => [
        row.type,
        row.amount,
        row.heldChange,
        row.balanceAfter,
        row.heldAfter,
        drawsOf(row.draws, places),
      ]);
      const expected = player.model.rows.map((row) => [
        row.type,
        row.amount,
        row.heldChange,
        row.balanceAfter,
        row.heldAfter,
        row.draws.map((draw) => [draw.grant, draw.change, draw.reserved]),
      ]);
      same(player, "ledger", told, expected);
    }
  });
}

/** Grant ids as places: grants of one account are numbered in the order in which its rows first name them. */
function drawsOf(draws: readonly Draw[], places: Map<string, number>): unknown[] {
  return draws.map((draw) => {
    const place = places.get(draw.grantId) ?? places.size;
    places.set(draw.grantId, place);
    return [place, draw.change, draw.reserved];
  });
}

function same(player: Player, what: string, actual: unknown, expected: unknown): void {
  if (JSON.stringify(actual) !== JSON.stringify(expected)) throw different(player, what, actual, expected);
}

function different(player: Player, what: string, actual: unknown, expected: unknown): Error {
  return new Error(
    `${player.userId}: ${what} differs\nprocedures: ${JSON.stringify(actual)}\nmodel:      ${JSON.stringify(expected)}\n${player.story.join("\n")}`,
  );
}
