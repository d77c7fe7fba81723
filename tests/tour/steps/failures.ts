import type { FeatureAnswer } from "@stipend/client";
import type { Schemas } from "@stipend/client/types";
import { pathsOf } from "@stipend/local/paths";
import { readPid } from "@stipend/local/process/pidfile";
import { eventually } from "@stipend/testing/eventually";
import { expectThat, type Guide, refused, say, TourError } from "../guide.ts";

const UPSTREAM = "rewrite";

/** 3. The upstream fails, and once more is killed in the middle: the credit comes back each time. */
export async function upstreamFails(guide: Guide): Promise<void> {
  say("The upstream answers with an error:");
  await failOnce(guide, () => rewrite(guide, { "rewrite-fail": "error" }));
  say("The upstream works on a call when its process is killed (SIGKILL):");
  await failOnce(guide, () => killInTheMiddle(guide));
  await upstreamIsBack(guide);
}

function rewrite({ alice }: Guide, headers: Record<string, string>): Promise<FeatureAnswer> {
  const body = { text: "This will not be rewritten.", slowMs: 20_000 };
  return alice.client.feature("post", "/api/rewrite", { body, headers });
}

async function killInTheMiddle(guide: Guide): Promise<FeatureAnswer> {
  const upstream = readPid(pathsOf(guide.settings.home).run, UPSTREAM);
  if (upstream === undefined) throw new TourError(`no process "${UPSTREAM}" runs in ${guide.settings.home}`);
  const answer = rewrite(guide, { "rewrite-fail": "slow" });
  await eventually(async () => {
    const { held } = (await guide.alice.client.get("/api/credits")).data;
    if (held !== 1) throw new Error(`held is ${held}`);
  });
  say(`1 credit is reserved, the call is with the upstream. Killing process ${upstream.pid} …`);
  process.kill(upstream.pid, "SIGKILL");
  return answer;
}

async function failOnce({ alice }: Guide, call: () => Promise<FeatureAnswer>): Promise<void> {
  const { data: before } = await alice.client.get("/api/credits");
  const problem = await refused(call(), ["status", "code", "title", "detail", "action"]);
  expectThat(problem.status >= 500 && problem.is("feature_failed"), `she is told clearly: ${problem.code}`);
  const { data: after } = await alice.client.get("/api/credits");
  expectThat(after.balance === before.balance && after.held === 0, `the credit is back: she has ${after.balance}`);
  const { data } = (await alice.client.get("/api/credits/transactions", { query: { limit: 2 } })).data;
  for (const row of [...data].reverse()) say(`  ${describe(row)}`);
  expectThat(data.map((row) => row.type).join() === "release,hold", "hold and release stand in her history");
}

function describe(row: Schemas["CreditTransaction"]): string {
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
