// How long after PUT /api/admin/users/:userId/membership the member sees the allowance in GET /api/credits.
//   node bench/visibility.ts [--members 200]
// Starts a whole system of its own (engines by STIPEND_TEST_MYSQL_URL and its fellows where they are set).
import { randomUUID } from "node:crypto";
import { setTimeout as rest } from "node:timers/promises";
import { parseArgs } from "node:util";
import { PlainReporter } from "@stipend/local/report/plain";
import { startSystem } from "@stipend/testing/system";
import { printTable, spreadOf, spreadText } from "./src/figures.ts";

const { values } = parseArgs({ options: { members: { type: "string", default: "200" } } });
const members = Number(values.members);
const WANTED_MS = 1_000;
const GIVE_UP_MS = 30_000;
const LOOK_EVERY_MS = 5;
const WARM_UP = 5;

const system = await startSystem({ devClock: false, reporter: new PlainReporter((line) => console.error(line)) });
try {
  await measure();
} finally {
  await system.stop();
}

async function measure(): Promise<void> {
  const admin = await system.token("bench-admin", ["admin"]);
  const agreed: number[] = [];
  const seen: number[] = [];
  for (let n = -WARM_UP; n < members; n += 1) {
    const user = `bench-member-${n + WARM_UP}`;
    const member = await system.token(user);
    await balanceOf(member);
    const asked = performance.now();
    await join(admin, user);
    const answered = performance.now();
    while ((await balanceOf(member)) === 0) {
      if (performance.now() - asked > GIVE_UP_MS) throw new Error(`${user} saw no allowance within ${GIVE_UP_MS} ms`);
      await rest(LOOK_EVERY_MS);
    }
    if (n < 0) continue;
    agreed.push(answered - asked);
    seen.push(performance.now() - asked);
  }
  const spread = spreadOf(seen);
  printTable(`a change of membership, ${members} times`, [
    ["PUT answered", spreadText(spreadOf(agreed))],
    [
      "visible in GET /api/credits, from the PUT on",
      `${spreadText(spread)}   ${spread.p99 < WANTED_MS ? "✓" : "MISSED"}`,
    ],
  ]);
}

async function join(admin: string, user: string): Promise<void> {
  const answer = await fetch(`${system.baseUrl}/api/admin/users/${user}/membership`, {
    method: "PUT",
    headers: { authorization: `Bearer ${admin}`, "content-type": "application/json", "idempotency-key": randomUUID() },
    body: JSON.stringify({ tier: "pro", cycle: "monthly", reason: "joins for the benchmark" }),
  });
  if (!answer.ok) throw new Error(`PUT membership answered ${answer.status}: ${await answer.text()}`);
  await answer.arrayBuffer();
}

async function balanceOf(token: string): Promise<number> {
  for (;;) {
    const answer = await fetch(`${system.baseUrl}/api/credits`, { headers: { authorization: `Bearer ${token}` } });
    const text = await answer.text();
    if (answer.ok) return (JSON.parse(text) as { balance: number }).balance;
    if (answer.status !== 429) throw new Error(`GET /api/credits answered ${answer.status}: ${text}`);
    await rest(Number(answer.headers.get("retry-after") ?? "1") * 1_000);
  }
}
