/** Admins change things in every service while services and engines are killed: every change has its audit row, once, and every row its change. */
import { AuditVerification } from "@stipend/proto/http/audit";
import { eventually } from "@stipend/testing/eventually";
import { type System, startSystem } from "@stipend/testing/system";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AdminWrites, openAlerts, Tables } from "../support/admin-writes.ts";
import { type Client, expectBody } from "../support/client.ts";
import { giveCredits, People } from "../support/people.ts";

const PREFIX = "kept";
/** Admins at work at the same time. */
const ADMINS = 12;
/** Of which an admin's grant makes an alert. */
const MUCH = 10_000;
const ACCOUNTS = 24;

let system: System;
let people: People;
let admins: Client[];
let tables: Tables;

beforeAll(async () => {
  system = await startSystem();
  people = new People(system.baseUrl, system.token);
  admins = await Promise.all(Array.from({ length: ADMINS }, (_, n) => people.withRoles(`admin-${n}`, ["admin"])));
  tables = new Tables(system);
});

afterAll(() => system?.stop());

const first = (): Client => admins[0] ?? expect.fail("no admin");

/** Accounts whose view was made wrong behind the back of membership, and alerts that wait for somebody. */
async function prepare(): Promise<{ alerts: string[]; damaged: string[] }> {
  const persons = await Promise.all(Array.from({ length: ACCOUNTS }, (_, n) => people.person(`damaged-${n}`)));
  await Promise.all(persons.map((person) => giveCredits(first(), person, MUCH)));
  const shown = "SELECT user_id FROM {membership}.member_balances WHERE user_id LIKE 'damaged-%' AND balance = 10000";
  await eventually(async () => expect(await tables.query(shown)).toHaveLength(ACCOUNTS), { timeoutMs: 30_000 });
  await tables.query("UPDATE {membership}.member_balances SET balance = 1 WHERE user_id LIKE 'damaged-%'");
  const alerts = await eventually(() => openAlerts(first(), ACCOUNTS), { timeoutMs: 30_000 });
  return { alerts, damaged: persons.map(({ name }) => name) };
}

const repaired = async () =>
  (
    await tables.query(
      "SELECT user_id FROM {membership}.member_balances WHERE user_id LIKE 'damaged-%' AND balance = 10000",
    )
  )
    .map(({ user_id }) => String(user_id))
    .toSorted();

async function dies(name: "credits" | "membership" | "monitor" | "admin-audit"): Promise<void> {
  await system.services.kill(name);
  await system.services.start(name);
}

/** Attempts that nobody knows of but the gateway, until Kafka is back. */
async function refused(): Promise<void> {
  const intruder = await people.person("intruder");
  expect((await intruder.client.delete("/api/admin/users/kept/membership", { reason: "x" })).status).toBe(403);
  expect((await first().post("/api/admin/revocations", { userId: "kept", jti: "both", reason: "x" })).status).toBe(400);
}

describe("every admin change and its audit row", () => {
  test("are there together, whoever was killed when", async () => {
    const writes = new AdminWrites(PREFIX, admins, await prepare()).start();
    /** So many more were done: what is killed next dies in the middle of work. */
    const more = async (count = 40) => {
      const done = () => writes.attempts.filter(({ status }) => status !== null && status < 300).length;
      const before = done();
      await eventually(() => expect(done()).toBeGreaterThan(before + count), { timeoutMs: 30_000, everyMs: 5 });
    };
    await more();
    await Promise.all([dies("credits"), dies("membership")]);
    await more();
    await system.engines.kafka.kill();
    await Promise.all([dies("monitor"), dies("admin-audit"), refused()]);
    await more();
    // Kafka takes longest to come back: the database dies meanwhile.
    await Promise.all([
      system.engines.kafka.start(),
      system.engines.mysql.kill().then(() => system.engines.mysql.start()),
    ]);
    await more();
    await Promise.all([dies("membership"), dies("monitor"), dies("credits")]);
    await more();
    const attempts = await writes.stop();

    // Otherwise nothing was in flight when something died, or a kind of write was never made, and the test proved nothing.
    expect(attempts.filter(({ status }) => status === null || status >= 500).length).toBeGreaterThan(10);
    const made = attempts.filter(({ status }) => status !== null && status < 300);
    const kinds = new Set(attempts.map(({ action }) => action));
    expect([...kinds].filter((kind) => !made.some(({ action }) => action === kind))).toEqual([]);

    await eventually(
      async () => {
        const [changes, audited] = [await tables.changes(PREFIX), await tables.audited(PREFIX)];
        expect(audited.marks.toSorted()).toEqual(changes.toSorted());
        expect(audited.repaired.toSorted()).toEqual(await repaired());
        // What was acknowledged is there.
        const kept = new Set(changes);
        const lost = made.filter(({ action, mark }) => action !== "view.repair" && !kept.has(mark));
        expect(lost).toEqual([]);
      },
      { timeoutMs: 60_000, everyMs: 500 },
    );
    const turnedAway = "SELECT actor FROM {audit}.admin_operation_logs WHERE outcome = 'refused' AND target IN (?, ?)";
    await eventually(async () => {
      const rows = await tables.query(turnedAway, ["/api/admin/users/:userId/membership", "/api/admin/revocations"]);
      expect(rows.map(({ actor }) => actor).toSorted()).toEqual(["admin-0", "intruder"]);
    });
    await eventually(async () => {
      const proof = expectBody(await first().get("/api/admin/audit/verify"), AuditVerification);
      expect(proof).toMatchObject({ valid: true, firstBad: null });
    });
  }, 150_000);
});
