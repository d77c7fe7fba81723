import type { StipendClient } from "@stipend/client";
import { expectThat, type Guide, say, show } from "../guide.ts";

const QUOTA = 250;

/** The first moment of the next calendar month, in UTC. */
function nextMonth(now: Date): Date {
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1));
}

/** 5. A month boundary passes: alice is reset to her quota, bob keeps what he has. */
export async function monthPasses({ alice, bob, admin, run }: Guide): Promise<void> {
  await admin.post("/api/admin/users/{userId}/credits/grants", {
    path: { userId: bob.name },
    body: { amount: 2, kind: "bonus", reason: "something to keep" },
    key: `tour-${run}-two`,
  });
  const { data: before } = await alice.client.get("/api/credits");
  say(`${alice.name} has ${before.balance} credits left, ${bob.name} was given 2 more.`);

  const target = nextMonth(new Date(before.asOf));
  say(`The clock of every service is moved to ${target.toISOString()}:`);
  show(await admin.put("/api/dev/clock", { body: { now: target.toISOString() } }));

  const { data: after } = await alice.client.get("/api/credits");
  const { data: resets } = await alice.client.get("/api/credits/transactions", { query: { limit: 1, type: "reset" } });
  const [reset] = resets.data;
  expectThat(after.balance === QUOTA, `${alice.name} is reset: ${before.balance} → ${after.balance}`);
  expectThat(reset?.amount === QUOTA - before.balance, `the reset is one row of her ledger: +${reset?.amount}`);
  const { data: kept } = await bob.client.get("/api/credits");
  expectThat(kept.balance === 2, `${bob.name}, no member, keeps what he has: ${kept.balance}`);
}

/** The clock must not stay moved, whatever happened: later starts would live in the future. */
export async function backToRealTime(admin: StipendClient): Promise<void> {
  const { data } = await admin.put("/api/dev/clock", { body: { real: true } });
  say(`The clock is real again: ${data.now}`);
}
