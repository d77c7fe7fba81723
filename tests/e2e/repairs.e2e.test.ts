/** Books that somebody wrote into, in a whole system: alert, proposal, one call, and everything shows the same again. */
import { AlertPage, ConsistencyCheckReport, ConsistencyRepairReport } from "@stipend/proto/http/monitor";
import { eventually } from "@stipend/testing/eventually";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { expectBody } from "../support/client.ts";
import { giveCredits, newKey } from "../support/people.ts";
import { running } from "../support/running.ts";
import { writeIntoCredits } from "../support/tables.ts";

const system = running();
const { people } = system;

const Balance = z.object({ balance: z.int(), version: z.int() });
const User = z.object({ balance: z.int(), balanceVersion: z.int() });
const AuditRows = z.object({ data: z.array(z.object({ action: z.string(), actor: z.string(), reason: z.string() })) });

async function alertsOf(userId: string) {
  const support = await people.withRoles("sue-support", ["support"]);
  const query = `rule=balance_difference&userId=${userId}`;
  return expectBody(await support.get(`/api/admin/alerts?${query}`), AlertPage).data;
}

/** What every party says of the balance, once they all say the same. */
async function agreed(person: Awaited<ReturnType<typeof people.newcomer>>, balance: number): Promise<void> {
  const admin = await people.admin();
  const own = expectBody(await person.client.get("/api/credits"), Balance);
  expect(own.balance).toBe(balance);
  await eventually(
    async () => {
      const user = expectBody(await admin.get(`/api/admin/users/${person.name}`), User);
      expect(user).toMatchObject({ balance, balanceVersion: own.version });
      expect(await alertsOf(person.name)).toMatchObject([{ status: "resolved", resolution: "recovered" }]);
    },
    { timeoutMs: 20_000 },
  );
}

describe("a difference in the books", () => {
  test.each([
    ["a balance that was raised by hand", "UPDATE profiles SET balance = balance + 70 WHERE user_id = ?", 40],
    ["a grant that is gone", "DELETE FROM credit_grants WHERE user_id = ?", 40],
    ["a version that no row has", "UPDATE profiles SET version = version + 3 WHERE user_id = ?", 40],
  ])("%s: is found, told with a proposal, mended by one call, and over by itself", async (_, damage, balance) => {
    const admin = await people.admin();
    const person = await people.newcomer("rae");
    await giveCredits(admin, person, 50);
    const spent = await person.client.post("/api/credits/consume", { amount: 10, reason: "x" }, { key: newKey() });
    expect(spent.status).toBe(200);
    await writeIntoCredits(system, damage, person.name);

    const asked = { userId: person.name };
    const report = expectBody(await admin.post("/api/admin/consistency/check", asked), ConsistencyCheckReport);
    expect(report).toMatchObject({ different: 1, differences: [{ repair: { action: "repair_books" } }] });
    const [alert] = await alertsOf(person.name);
    const way = z
      .object({ path: z.string(), body: z.object({ userId: z.string(), proposal: z.string() }) })
      .parse(alert?.evidence["repairWith"]);

    const answer = await admin.post(way.path, { ...way.body, reason: "a hand in the table" });
    const repaired = expectBody(answer, ConsistencyRepairReport);
    expect(repaired).toMatchObject({ action: "repair_books", after: { credits: { balance } } });
    await agreed(person, balance);
    const auditor = await people.withRoles("otto", ["auditor"]);
    await eventually(async () => {
      const rows = expectBody(
        await auditor.get(`/api/admin/audit?target=${person.name}&action=credits.repair&limit=1`),
        AuditRows,
      );
      expect(rows.data).toMatchObject([{ action: "credits.repair", reason: "a hand in the table" }]);
    });
    const again = await admin.post(way.path, { ...way.body, reason: "once more" });
    expect(again).toMatchObject({ status: 409, body: { code: "nothing_to_repair" } });
    const goesOn = await person.client.post("/api/credits/consume", { amount: 40, reason: "x" }, { key: newKey() });
    expect(goesOn.status).toBe(200);
  });
});
