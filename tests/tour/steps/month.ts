import { Account, Movement } from "@stipend/proto/http/credits";
import { type Client, expectBody } from "../../support/client.ts";
import { DevClock, Transactions } from "../../support/shapes.ts";
import { expectThat, type Guide, say, show } from "../guide.ts";

const QUOTA = 250;

/** The first moment of the next calendar month, in UTC. */
function nextMonth(now: Date): Date {
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1));
}

/** 5. A month boundary passes: alice is reset to her quota, bob keeps what he has. */
export async function monthPasses({ alice, bob, admin, run }: Guide): Promise<void> {
  const path = `/api/admin/users/${bob.name}/credits/grants`;
  const grant = { amount: 2, kind: "bonus", reason: "something to keep" };
  expectBody(await admin.post(path, grant, { key: `tour-${run}-two` }), Movement);
  const before = expectBody(await alice.client.get("/api/credits"), Account);
  say(`${alice.name} has ${before.balance} credits left, ${bob.name} was given 2 more.`);

  const target = nextMonth(new Date(before.asOf));
  say(`The clock of every service is moved to ${target.toISOString()}:`);
  const moved = await admin.put("/api/dev/clock", { now: target.toISOString() });
  show(moved);
  expectBody(moved, DevClock);

  const after = expectBody(await alice.client.get("/api/credits"), Account);
  const reset = expectBody(await alice.client.get("/api/credits/transactions?limit=1&type=reset"), Transactions)
    .data[0];
  expectThat(after.balance === QUOTA, `${alice.name} is reset: ${before.balance} → ${after.balance}`);
  expectThat(reset?.amount === QUOTA - before.balance, `the reset is one row of her ledger: +${reset?.amount}`);
  const kept = expectBody(await bob.client.get("/api/credits"), Account);
  expectThat(kept.balance === 2, `${bob.name}, no member, keeps what he has: ${kept.balance}`);
}

/** The clock must not stay moved, whatever happened: later starts would live in the future. */
export async function backToRealTime(admin: Client): Promise<void> {
  const answer = await admin.put("/api/dev/clock", { real: true });
  const { now } = expectBody(answer, DevClock);
  say(`The clock is real again: ${now}`);
}
