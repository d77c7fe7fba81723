// What the ledger's procedures cost now against those of another revision, in turns within one process: what slows the machine down slows both.
//   node bench/turns.ts [mysql admin URL] [--against HEAD] [--rounds 150]
// Batches of 256 consumptions and pages of 100 resets, one connection each. The present ones take part twice: how far they differ
// from themselves is the noise. Only for revisions with the tables of today: the other side has today's schema and the old procedures.
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";
import type { DueAccount } from "@stipend/credits/domain/ledger/allowance";
import { mysqlLedger } from "@stipend/credits/store/session";
import type { Ledger } from "@stipend/credits/usecases/ports";
import { settleAllowances } from "@stipend/credits/usecases/settle-allowances";
import { createLog } from "@stipend/platform/log/log";
import { Database } from "@stipend/platform/mysql/database";
import { freshDatabase } from "@stipend/testing/fresh-database";
import { printTable, spreadOf } from "./src/figures.ts";
import { FEBRUARY_START, fillMembers, memberId } from "./src/fill-members.ts";
import { mysqlTarget } from "./src/mysql-target.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { against: { type: "string", default: "HEAD" }, rounds: { type: "string", default: "150" } },
});
const rounds = Number(values.rounds);
const WARM_UP = 20;
const PAGE = 100;
const BATCH = 256;
const members = PAGE * (rounds + WARM_UP);
const NOW = new Date(FEBRUARY_START.getTime() + 1_000);
const PROCEDURES = "services/credits/sql/procedures";
const log = createLog({ service: "bench", level: "warn" });
let consumed = 0;

interface Side {
  readonly name: string;
  readonly ledger: Ledger;
  /** The last account that was reset. */
  after: DueAccount | null;
}

const target = await mysqlTarget(positionals[0]);
const ends: (() => Promise<void>)[] = [() => target.stop()];
try {
  const sides = [await side("now"), await side("now, again"), await side(values.against, values.against)];
  await inTurns(`a reset, of pages of ${PAGE}`, sides, PAGE, resetPage);
  await inTurns(`a consumption, of batches of ${BATCH}`, sides, BATCH, consumeBatch);
} finally {
  for (const end of ends.toReversed()) await end();
}

async function side(name: string, revision?: string): Promise<Side> {
  const fresh = await freshDatabase(target.adminUrl, "credits");
  ends.push(() => fresh.drop());
  if (revision !== undefined) await replaceProcedures(fresh.ownerUrl, revision);
  await fillMembers(fresh.ownerUrl, members, () => undefined);
  const db = new Database({ url: fresh.url, log, poolSize: 1 });
  ends.push(() => db.stop());
  return { name, ledger: mysqlLedger(db, () => undefined), after: null };
}

async function replaceProcedures(ownerUrl: string, revision: string): Promise<void> {
  const owner = new Database({ url: ownerUrl, log, poolSize: 1 });
  try {
    const present = await owner.query<{ name: string }>(
      "SELECT ROUTINE_NAME AS name FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE()",
    );
    const files = git("ls-tree", "--name-only", revision, `${PROCEDURES}/`).trim().split("\n");
    for (const file of files) {
      const name = file.slice(PROCEDURES.length + 1, -".sql".length);
      if (present.some((routine) => routine.name === name)) await owner.query(`DROP PROCEDURE ${name}`);
      await owner.query(git("show", `${revision}:${file}`));
    }
  } finally {
    await owner.stop();
  }
}

function git(...args: readonly string[]): string {
  return execFileSync("git", args, { cwd: `${import.meta.dirname}/..`, encoding: "utf8" });
}

async function inTurns(
  title: string,
  sides: readonly Side[],
  each: number,
  work: (side: Side) => Promise<void>,
): Promise<void> {
  const times = new Map<Side, number[]>(sides.map((one) => [one, []]));
  for (let round = 0; round < rounds + WARM_UP; round += 1) {
    for (const one of round % 2 === 0 ? sides : sides.toReversed()) {
      const began = performance.now();
      await work(one);
      if (round >= WARM_UP) times.get(one)?.push(((performance.now() - began) * 1_000) / each);
    }
  }
  const base = times.get(sides[0] as Side) ?? [];
  printTable(
    title,
    sides.map((one) => {
      const mine = times.get(one) ?? [];
      const ratio = spreadOf(mine.map((time, round) => time / (base[round] ?? Number.NaN))).p50;
      return [one.name, `${spreadOf(mine).p50.toFixed(0)} µs   ${ratio.toFixed(3)} × now`];
    }),
  );
}

async function resetPage(one: Side): Promise<void> {
  await one.ledger.write("bench.reset", async (session) => {
    const due = await session.claimDue(NOW, PAGE, one.after);
    const last = due.at(-1);
    if (last === undefined || last.dueAt === null) throw new Error("nobody is due any more");
    one.after = { dueAt: last.dueAt, userId: last.userId };
    const outcomes = await settleAllowances(session, NOW, due, { timeZone: "UTC" });
    if (outcomes.some(({ outcome }) => outcome !== "reset")) throw new Error("an account was not reset");
  });
}

async function consumeBatch(one: Side): Promise<void> {
  const operations = Array.from({ length: BATCH }, () => {
    consumed += 1;
    const userId = memberId((consumed * 7919) % members);
    return { userId, amount: 1, requestKey: randomUUID(), requestHash: "hash", actor: userId, reason: "a use" };
  });
  const results = await one.ledger.write("bench.consume", (session) => session.consume(NOW, operations));
  if (results.some(({ outcome }) => outcome !== "ok")) throw new Error("a consumption was refused");
}
