import { eventually } from "@stipend/testing/eventually";
import { Redelivery } from "../../support/redeliver.ts";
import { expectThat, type Guide, say, show } from "../guide.ts";

const QUOTA = 250;
const REPEATS = 3;

/** 1. An admin makes alice a Pro member; credits gives the allowance once, however often the event comes. */
export async function becomeMember({ alice, admin, settings, urls }: Guide): Promise<void> {
  say(`An admin makes ${alice.name} a Pro member:`);
  const answer = await admin.put("/api/admin/users/{userId}/membership", {
    path: { userId: alice.name },
    body: { tier: "pro", cycle: "monthly", reason: "the tour" },
  });
  show(answer, ["userId", "tier", "status", "currentPeriodEnd", "version"]);
  const membership = answer.data;
  expectThat(membership.tier === "pro" && membership.status === "active", "she is an active Pro member");

  say("Membership wrote its tables and its outbox in one transaction. Waiting for the event to reach credits …");
  const began = performance.now();
  await eventually(async () => {
    const { balance } = (await alice.client.get("/api/credits")).data;
    if (balance !== QUOTA) throw new Error(`the balance is ${balance}`);
  });
  say(`It took ${Math.round(performance.now() - began)} ms.`);
  show(await alice.client.get("/api/credits"), ["balance", "held", "available", "version", "allowance"]);

  const topic = new Redelivery(urls.kafkaBrokers, `${settings.namespace}.membership.v1`);
  const events = await topic.read(alice.name);
  expectThat(events.length > 0, `Kafka holds ${events.length} event of her membership`);
  say(`The same bytes are put into Kafka ${REPEATS} times more …`);
  await topic.repeat(events, REPEATS, "credits");
  const { data: list } = await alice.client.get("/api/credits/transactions");
  const given = list.data.filter((row) => row.amount > 0);
  expectThat(
    given.length === 1 && given[0]?.amount === QUOTA && given[0]?.balanceAfter === QUOTA,
    `credits read them all, and ${QUOTA} was given once`,
  );
}
