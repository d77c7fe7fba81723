import { Account } from "@stipend/proto/http/credits";
import { eventually } from "@stipend/testing/eventually";
import { expectBody } from "../../support/client.ts";
import { type LedgerRow, Problem, Transactions } from "../../support/shapes.ts";
import { expectThat, type Guide, say, show } from "../guide.ts";

/** 3. The upstream fails, and once more is killed in the middle: the credit comes back each time. */
export async function upstreamFails(guide: Guide): Promise<void> {
  say("The upstream answers with an error:");
  await failOnce(guide, "error");
  say("The upstream's process is killed while it works on the call (the launcher starts it again):");
  await failOnce(guide, "crash");
  await upstreamIsBack(guide);
}

async function failOnce({ alice }: Guide, how: "error" | "crash"): Promise<void> {
  const before = expectBody(await alice.client.get("/api/credits"), Account);
  const body = { text: "This will not be rewritten." };
  const answer = await alice.client.post("/api/rewrite", body, { headers: { "rewrite-fail": how } });
  show(answer, ["status", "code", "title", "detail", "action"]);
  const problem = expectBody(answer, Problem, answer.status);
  expectThat(answer.status >= 500 && problem.code.length > 0, `she is told clearly: ${problem.code}`);
  const after = expectBody(await alice.client.get("/api/credits"), Account);
  expectThat(after.balance === before.balance && after.held === 0, `the credit is back: she has ${after.balance}`);
  const { data } = expectBody(await alice.client.get("/api/credits/transactions?limit=2"), Transactions);
  for (const row of [...data].reverse()) say(`     ${describe(row)}`);
  expectThat(data.map((row) => row.type).join() === "release,hold", "hold and release stand in her history");
}

function describe(row: LedgerRow): string {
  return `${row.type.padEnd(8)} amount ${row.amount}, balance ${row.balanceAfter}, held ${row.heldAfter}: ${row.reason}`;
}

async function upstreamIsBack({ settings }: Guide): Promise<void> {
  say("Waiting for the upstream to be back …");
  await eventually(
    async () => {
      const answer = await fetch(`http://127.0.0.1:${settings.ports.rewrite}/healthz`);
      await answer.body?.cancel();
    },
    { timeoutMs: 20_000, everyMs: 200 },
  );
}
