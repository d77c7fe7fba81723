// Generated histories with everything at once: each step's operations of all kinds run on connections of their own, every one of them twice. No model can say in
// which order they land; what must hold in any order is checked after every step. STIPEND_HISTORIES and STIPEND_SEED as for histories.int.test.ts.
import type { Database } from "@stipend/platform/mysql/database";
import fc from "fast-check";
import { expect, test } from "vitest";
import { applyMembership, checkAndResetUserCredits } from "../src/store/allowance.ts";
import { checkCreditsSync } from "../src/store/upkeep.ts";
import { type Histories, histories, PERIOD, type Step } from "./model/histories.ts";
import { operationOf, type Request, requestsOf } from "./model/request.ts";
import { type Answered, call, newPlayer, type Player } from "./model/runner.ts";
import { useLedgerDatabase } from "./support/ledger-database.ts";

const TOTAL = Math.ceil(Number(process.env["STIPEND_HISTORIES"] ?? 2_000) / 10);
const ACCOUNTS = 20;
const STEPS = 8;
const START = Date.UTC(2026, 0, 1);
const seed = Number(process.env["STIPEND_SEED"] ?? Date.now() % 2_147_483_647);

const ledger = useLedgerDatabase(24);

test(`${TOTAL} concurrent histories keep every invariant (seed ${seed})`, {
  timeout: 60_000 + TOTAL * 1_000,
}, async () => {
  let run = 0;
  const property = fc.asyncProperty(histories(ACCOUNTS, STEPS), async (generated) => {
    run += 1;
    await playAtOnce(ledger.db, `c${run}`, generated);
  });
  const details = await fc.check(property, { seed, numRuns: Math.ceil(TOTAL / ACCOUNTS), endOnFailure: true });
  if (details.failed) throw new Error(`STIPEND_SEED=${seed} failed in run ${run}`, { cause: details.errorInstance });
});

interface Asked {
  readonly player: Player;
  readonly request: Request;
}

async function playAtOnce(db: Database, prefix: string, generated: Histories): Promise<void> {
  const players = generated.accounts.map((_, index) => newPlayer(`${prefix}-${index}`));
  let now = START;
  for (const [stepIndex, advance] of generated.advances.entries()) {
    now += advance;
    const asked: Asked[] = [];
    const members: Promise<void>[] = [];
    players.forEach((player, index) => {
      const step = generated.accounts[index]?.[stepIndex] ?? { kind: "idle" };
      for (const request of requestsOf(player, step, stepIndex, now)) asked.push({ player, request });
      if (step.kind === "join") members.push(...joinTwice(db, player, step, now));
    });
    const answers = await askTwice(db, asked, new Date(now));
    await Promise.all(members);
    learn(answers);
    const userIds = players.map(({ userId }) => userId);
    const checks = await db.transaction((tx) => checkCreditsSync(tx, { userIds }));
    expect(checks.filter(({ problems }) => problems.length > 0)).toEqual([]);
  }
}

/** One transaction for each kind and half of the accounts, and the same again, all at once. */
async function askTwice(db: Database, asked: readonly Asked[], now: Date): Promise<(Asked & { answer: Answered })[]> {
  const kinds = [...new Set(asked.map(({ request }) => request.kind))];
  const batches = kinds.flatMap((kind) => {
    const ofKind = asked.filter(({ request }) => request.kind === kind);
    return [ofKind, ofKind.toReversed()].map(async (items) => {
      const answers = await call(
        db,
        kind,
        now,
        items.map(({ player, request }) => operationOf(player, request)),
      );
      return items.flatMap((item, index) => {
        const answer = answers[index];
        return answer === undefined ? [] : [{ ...item, answer }];
      });
    });
  });
  return (await Promise.all(batches)).flat();
}

/** The same key is done at most once, and whoever asks again is told of that one row. */
function learn(answers: readonly (Asked & { answer: Answered })[]): void {
  const done = new Map<string, { player: Player; request: Request; answer: Answered }[]>();
  for (const told of answers) {
    const { player, request, answer } = told;
    if (answer.outcome !== "ok" && answer.outcome !== "replayed") continue;
    const operation = request.kind === "freeze" ? request.action : request.kind;
    const key = `${player.userId} ${operation} ${request.key}`;
    done.set(key, [...(done.get(key) ?? []), told]);
  }
  for (const [key, told] of done) {
    expect(new Set(told.map(({ answer }) => answer.transaction?.id)).size, key).toBe(1);
    expect(told.filter(({ answer }) => answer.outcome === "ok").length, key).toBeLessThanOrEqual(1);
    for (const { player, request, answer } of told) {
      const row = answer.transaction;
      if (answer.outcome !== "ok" || row === undefined || row === null) continue;
      player.transactionIds.set(row.version, row.id);
      if (request.kind === "hold") player.holdIds.push(row.holdId ?? "none");
    }
  }
}

/** The event of one change delivered twice at the same moment, each delivery planning the current period. */
function joinTwice(db: Database, player: Player, step: Extract<Step, { kind: "join" }>, now: number): Promise<void>[] {
  const version = (player.model.membershipVersion ?? 0) + 1;
  player.model.membershipVersion = version;
  const start = START + Math.floor((now - START) / PERIOD) * PERIOD;
  const end = new Date(start + PERIOD);
  const { userId } = player;
  const deliver = () =>
    db.transaction(async (tx) => {
      await applyMembership(tx, new Date(now), [{ userId, version, state: {}, activeUntil: "open" }]);
      await checkAndResetUserCredits(tx, new Date(now), [
        {
          userId,
          membershipVersion: version,
          action: "give",
          period: { start: new Date(start), end },
          quota: step.quota,
          rolloverCap: step.rolloverCap,
          dueAt: null,
          tier: "pro",
          monthlyCredits: step.quota,
          nextResetAt: end,
          actor: "system",
          reason: "delivered twice",
        },
      ]);
    });
  return [deliver(), deliver()];
}
