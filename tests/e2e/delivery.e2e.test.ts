/** At least once on the way, exactly once in the books: the same bytes, as often as one likes. */
import { eventually } from "@stipend/testing/eventually";
import { describe, expect, test } from "vitest";
import { expectBody } from "../support/client.ts";
import { accountOf, newKey } from "../support/people.ts";
import { Redelivery } from "../support/redeliver.ts";
import { running } from "../support/running.ts";
import { Membership, Transactions } from "../support/shapes.ts";

const { people, kafkaBrokers, topicPrefix } = running();

describe("delivery", () => {
  test("a membership event that comes eleven times gives the allowance once", async () => {
    const admin = await people.admin();
    const carol = await people.newcomer("carol");
    const body = { tier: "lite", cycle: "monthly", reason: "for a test" };
    expectBody(await admin.put(`/api/admin/users/${carol.name}/membership`, body), Membership);
    await eventually(async () => expect((await accountOf(carol)).balance).toBe(100));

    const topic = new Redelivery(kafkaBrokers, `${topicPrefix}.membership.v1`);
    const events = await topic.read(carol.name);
    expect(events).toHaveLength(1);
    await topic.repeat(events, 10, "credits");

    expect(await accountOf(carol)).toMatchObject({ balance: 100, allowance: { remaining: 100 } });
    const { data } = expectBody(await carol.client.get("/api/credits/transactions"), Transactions);
    expect(data.filter((row) => row.amount !== 0)).toHaveLength(1);
    expect((await topic.read(carol.name)).length).toBe(11);
  });

  test("an old event that comes after a newer one changes nothing", async () => {
    const admin = await people.admin();
    const dave = await people.newcomer("dave");
    const path = `/api/admin/users/${dave.name}/membership`;
    expectBody(await admin.put(path, { tier: "lite", cycle: "monthly", reason: "for a test" }), Membership);
    await eventually(async () => expect((await accountOf(dave)).balance).toBe(100));
    const topic = new Redelivery(kafkaBrokers, `${topicPrefix}.membership.v1`);
    const old = await topic.read(dave.name);

    expectBody(await admin.put(path, { tier: "premium", cycle: "monthly", reason: "upgrade" }), Membership);
    await eventually(async () => expect((await accountOf(dave)).balance).toBe(600));
    await topic.repeat(old, 2, "credits");

    expect(await accountOf(dave)).toMatchObject({ balance: 600, allowance: { tier: "premium", monthlyCredits: 600 } });
  });

  test("credits' own events, delivered again, leave the admin's list of users as it was", async () => {
    const admin = await people.admin();
    const erin = await people.newcomer("erin");
    const body = { amount: 7, kind: "bonus", reason: "for a test" };
    expect((await admin.post(`/api/admin/users/${erin.name}/credits/grants`, body, { key: newKey() })).status).toBe(
      200,
    );
    const shown = async (): Promise<unknown> => (await admin.get(`/api/admin/users/${erin.name}`)).body;
    const before = await eventually(async () => {
      const status = await shown();
      expect(status).toMatchObject({ userId: erin.name, balance: 7 });
      return status;
    });
    const topic = new Redelivery(kafkaBrokers, `${topicPrefix}.credits.v1`);
    await topic.repeat(await topic.read(erin.name), 3, "membership");
    expect(await shown()).toEqual(before);
  });
});
