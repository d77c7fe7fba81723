import { pathsOf } from "@stipend/local/paths";
import { readPid } from "@stipend/local/process/pidfile";
import { Account } from "@stipend/proto/http/credits";
import { eventually } from "@stipend/testing/eventually";
import { type Answer, expectBody } from "../../support/client.ts";
import { type LedgerRow, Problem, Transactions } from "../../support/shapes.ts";
import { expectThat, type Guide, say, show, TourError } from "../guide.ts";

const UPSTREAM = "rewrite";

/** 3. The upstream fails, and once more is killed in the middle: the credit comes back each time. */
export async function upstreamFails(guide: Guide): Promise<void> {
  say("The upstream answers with an error:");
  await failOnce(guide, () => rewrite(guide, { "rewrite-fail": "error" }));
  say("The upstream works on a call when its process is killed (SIGKILL):");
  await failOnce(guide, () => killInTheMiddle(guide));
  await upstreamIsBack(guide);
}

function rewrite({ alice }: Guide, headers: Record<string, string>): Promise<Answer> {
  return alice.client.post("/api/rewrite", { text: "This will not be rewritten.", slowMs: 20_000 }, { headers });
}

async function killInTheMiddle(guide: Guide): Promise<Answer> {
  const upstream = readPid(pathsOf(guide.settings.home).run, UPSTREAM);
  if (upstream === undefined) throw new TourError(`no process "${UPSTREAM}" runs in ${guide.settings.home}`);
  const answer = rewrite(guide, { "rewrite-fail": "slow" });
  await eventually(async () => {
    const { held } = expectBody(await guide.alice.client.get("/api/credits"), Account);
    if (held !== 1) throw new Error(`held is ${held}`);
  });
  say(`1 credit is reserved, the call is with the upstream. Killing process ${upstream.pid} …`);
  process.kill(upstream.pid, "SIGKILL");
  return answer;
}

async function failOnce({ alice }: Guide, call: () => Promise<Answer>): Promise<void> {
  const before = expectBody(await alice.client.get("/api/credits"), Account);
  const answer = await call();
  show(answer, ["status", "code", "title", "detail", "action"]);
  const problem = expectBody(answer, Problem, answer.status);
  expectThat(answer.status >= 500 && problem.code === "feature_failed", `she is told clearly: ${problem.code}`);
  const after = expectBody(await alice.client.get("/api/credits"), Account);
  expectThat(after.balance === before.balance && after.held === 0, `the credit is back: she has ${after.balance}`);
  const { data } = expectBody(await alice.client.get("/api/credits/transactions?limit=2"), Transactions);
  for (const row of [...data].reverse()) say(`  ${describe(row)}`);
  expectThat(data.map((row) => row.type).join() === "release,hold", "hold and release stand in her history");
}

function describe(row: LedgerRow): string {
  return `${row.type.padEnd(8)} amount ${row.amount}, balance ${row.balanceAfter}, held ${row.heldAfter}: ${row.reason}`;
}

async function upstreamIsBack({ settings }: Guide): Promise<void> {
  say("The launcher starts it again. Waiting …");
  await eventually(
    async () => {
      const answer = await fetch(`http://127.0.0.1:${settings.ports.rewrite}/healthz`);
      await answer.body?.cancel();
    },
    { timeoutMs: 20_000, everyMs: 200 },
  );
}
