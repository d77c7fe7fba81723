/** The monitor in a whole system: what it hears of by itself, through every service and Kafka. */
import { AlertPage, Consistency } from "@stipend/proto/http/monitor";
import { eventually } from "@stipend/testing/eventually";
import { describe, expect, test } from "vitest";
import { expectBody } from "../support/client.ts";
import { giveCredits, newKey } from "../support/people.ts";
import { running } from "../support/running.ts";

const { people } = running();

async function alertOf(query: string) {
  const support = await people.withRoles("sue-support", ["support"]);
  return eventually(
    async () => {
      const page = expectBody(await support.get(`/api/admin/alerts?${query}`), AlertPage);
      const [alert] = page.data;
      if (alert === undefined) throw new Error(`no alert with ${query}`);
      return alert;
    },
    { timeoutMs: 20_000 },
  );
}

describe("the monitor", () => {
  test("hears of a frozen account that goes on trying", async () => {
    const admin = await people.admin();
    const frozen = await people.newcomer("frida");
    await giveCredits(admin, frozen, 10);
    const path = `/api/admin/users/${frozen.name}/credits/freeze`;
    expect((await admin.post(path, { reason: "a test" }, { key: newKey() })).status).toBe(200);
    for (let n = 0; n < 3; n++) {
      const spend = await frozen.client.post("/api/credits/consume", { amount: 1, reason: "x" }, { key: newKey() });
      expect(spend.status).toBe(403);
      expect((await frozen.client.post("/api/rewrite", { text: "x" })).status).toBe(403);
    }
    expect(await alertOf(`rule=frozen_attempts&userId=${frozen.name}`)).toMatchObject({
      family: "transactions",
      status: "open",
      links: { account: `/api/admin/users/${frozen.name}` },
    });
  });

  test("takes an admin's grant for a cause, and tells of one to oneself", async () => {
    const selfish = await people.newcomer("gus");
    const admin = await people.withRoles(selfish.name, ["admin"]);
    await giveCredits(admin, selfish, 5);
    expect(await alertOf(`rule=admin_self_grant&userId=${selfish.name}`)).toMatchObject({ severity: "critical" });
    const support = await people.withRoles("sue-support", ["support"]);
    const unexplained = `/api/admin/alerts?rule=unexplained_growth&userId=${selfish.name}`;
    expect(expectBody(await support.get(unexplained), AlertPage).data).toEqual([]);
  });

  test("finds the books of a running system in order, and has nothing to repair there", async () => {
    const admin = await people.admin();
    const person = await people.newcomer("hal");
    await giveCredits(admin, person, 7);
    await eventually(async () => {
      const answer = await admin.post("/api/admin/consistency/repair", { userId: person.name, reason: "a test" });
      expect(answer).toMatchObject({ status: 409, body: { code: "nothing_to_repair" } });
    });
    const support = await people.withRoles("sue-support", ["support"]);
    expect(expectBody(await support.get("/api/admin/consistency"), Consistency).different).toBe(0);
  });
});
