import { randomUUID } from "node:crypto";
import { eventually } from "@stipend/testing/eventually";
import { expect } from "vitest";
import type { Client } from "../../support/client.ts";
import { newKey, type People, type Person } from "../../support/people.ts";

export interface Story {
  readonly admin: Client;
  readonly adminName: string;
  readonly member: Person;
}

const FEATURES = [
  ["rewrite", "Rewrite a text"],
  ["summarize", "Summarise a report"],
  ["translate", "Translate a page"],
  ["picture", "Draw a picture"],
] as const;

/** A member who has spent, been refunded and been given something, and an admin who did it: what pages have to show. */
export async function tellStory(people: People): Promise<Story> {
  const adminName = `grace-${randomUUID().slice(0, 8)}`;
  const [admin, shop, member] = await Promise.all([
    people.withRoles(adminName, ["admin", "auditor"]),
    people.service(),
    people.newcomer("mia"),
  ]);
  const user = `/api/admin/users/${member.name}`;
  await done(admin.put(`${user}/membership`, { tier: "pro", cycle: "yearly", reason: "bought Pro for a year" }));
  // The allowance comes by an event: what is spent before it would be taken from the gift.
  await eventually(async () => expect((await member.client.get("/api/credits")).body).toMatchObject({ balance: 250 }));
  await done(
    admin.post(
      `${user}/credits/grants`,
      { amount: 60, kind: "bonus", reason: "thanks for the report" },
      { key: newKey() },
    ),
  );
  const operations = Array.from({ length: 24 }, (_, index) => {
    const [feature, reason] = FEATURES[index % FEATURES.length] ?? FEATURES[0];
    return { op: "consume", key: newKey(), userId: member.name, amount: 1 + (index % 4), reason, feature };
  });
  const batch = await done(shop.post("/api/credits/batch", { operations }));
  const [spent] = (batch as { results: { transactionId: string }[] }).results;
  const refund = { transactionId: spent?.transactionId, reason: "the answer was cut off" };
  await done(shop.post("/api/credits/refund", refund, { key: newKey() }));
  const hold = { userId: member.name, amount: 5, ttlSeconds: 3_600, reason: "Draw a picture", feature: "picture" };
  await done(shop.post("/api/credits/holds", hold, { key: newKey() }));
  return { admin, adminName, member };
}

async function done(call: ReturnType<Client["get"]>): Promise<unknown> {
  const { status, body, call: what } = await call;
  if (status >= 300) throw new Error(`${what} answered ${status}: ${JSON.stringify(body)}`);
  return body;
}
