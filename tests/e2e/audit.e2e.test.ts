/** Every admin change leaves a row in the audit log, with who, what, why, from where, before and after. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AuditPage, AuditVerification } from "@stipend/proto/http/audit";
import { publicRoutes } from "@stipend/proto/http/catalogue";
import { Account } from "@stipend/proto/http/credits/account";
import { Movement } from "@stipend/proto/http/credits/movement";
import { AlertPage } from "@stipend/proto/http/monitor";
import { eventually } from "@stipend/testing/eventually";
import { describe, expect, inject, onTestFinished, test } from "vitest";
import { z } from "zod";
import { expectBody } from "../support/client.ts";
import { npm } from "../support/npm.ts";
import { newKey } from "../support/people.ts";
import { running } from "../support/running.ts";

const { baseUrl, people } = running();

async function auditOf(target: string, action: string) {
  // Whose own looks are in the log as well: an action "data.read" has to be asked for by its actor.
  const auditor = await people.withRoles("otto-auditor", ["auditor"]);
  return eventually(async () => {
    const page = expectBody(await auditor.get(`/api/admin/audit?target=${target}`), AuditPage);
    const entry = page.data.find((one) => one.action.startsWith(action));
    if (entry === undefined) throw new Error(`no ${action} of ${target} in the audit log`);
    return entry;
  });
}

describe("the audit log", () => {
  test("has a membership change", async () => {
    const admin = await people.withRoles("ada-admin", ["admin"]);
    const { name } = await people.newcomer("liam");
    const headers = { "user-agent": "the-audit-test/1.0" };
    const body = { tier: "pro", cycle: "monthly", reason: "won a prize" };
    expect((await admin.put(`/api/admin/users/${name}/membership`, body, { headers })).status).toBe(200);
    expect(await auditOf(name, "membership.")).toMatchObject({
      actor: "ada-admin",
      roles: ["admin"],
      target: name,
      outcome: "succeeded",
      reason: "won a prize",
      ip: expect.stringContaining("127.0.0.1"),
      userAgent: "the-audit-test/1.0",
      after: expect.objectContaining({ tier: "pro" }),
    });
  });

  test("has a grant of credits", async () => {
    const admin = await people.admin();
    const { name } = await people.newcomer("mona");
    const body = { amount: 42, kind: "bonus", reason: "for a bug report" };
    expect((await admin.post(`/api/admin/users/${name}/credits/grants`, body, { key: newKey() })).status).toBe(200);
    expect(await auditOf(name, "credits.grant")).toMatchObject({
      actor: "ada-admin",
      outcome: "succeeded",
      reason: "for a bug report",
      after: expect.objectContaining({ amount: 42 }),
    });
  });

  test("has the refused attempt of somebody who is no admin", async () => {
    const intruder = await people.newcomer("nils");
    const { name } = await people.newcomer("olga");
    const body = { amount: 1, kind: "bonus", reason: "free credits" };
    const answer = await intruder.client.post(`/api/admin/users/${name}/credits/grants`, body, { key: newKey() });
    expect(answer.status).toBe(403);
    const auditor = await people.withRoles("otto-auditor", ["auditor"]);
    await eventually(async () => {
      const page = expectBody(await auditor.get(`/api/admin/audit?actor=${intruder.name}`), AuditPage);
      expect(page.data).toMatchObject([{ actor: intruder.name, outcome: "refused" }]);
    });
  });

  test("proves that it is whole", async () => {
    const auditor = await people.withRoles("otto-auditor", ["auditor"]);
    const proof = expectBody(await auditor.get("/api/admin/audit/verify"), AuditVerification);
    expect(proof).toMatchObject({ valid: true, firstBad: null });
    expect(proof.checked).toBeGreaterThan(0);
  });

  test("proves it to the command line, online and by an export alone", async () => {
    const folder = await mkdtemp(join(tmpdir(), "audit-"));
    onTestFinished(async () => await rm(folder, { recursive: true }));
    const env = { ...process.env, STIPEND_HOME: inject("running").home };
    const verify = ["run", "-s", "stipend", "--", "audit", "verify", "--json"];
    const online = await npm([...verify, "--url", baseUrl], env);
    expect(JSON.parse(online.stdout)).toMatchObject({ valid: true, firstBad: null });
    const auditor = await people.withRoles("otto-auditor", ["auditor"]);
    const file = join(folder, "audit.csv");
    await writeFile(file, String((await auditor.get("/api/admin/audit.csv")).body));
    const { seq, hash } = JSON.parse(online.stdout).head;
    const offline = await npm([...verify, file, "--anchor", `${seq}:${hash}`], env);
    expect(JSON.parse(offline.stdout)).toMatchObject({ valid: true });
    await writeFile(file, String((await auditor.get("/api/admin/audit.csv")).body).replace(",succeeded,", ",refused,"));
    const edited = await npm([...verify, file], env);
    expect(edited.code).toBe(1);
    expect(JSON.parse(edited.stdout)).toMatchObject({ valid: false, firstBad: { kind: "edited" } });
  });
});

describe("an auditor", () => {
  test("can change nothing: every route that writes refuses the role, whatever is sent", async () => {
    const auditor = await people.withRoles("otto-auditor", ["auditor"]);
    const { name } = await people.newcomer("rita");
    const writes = publicRoutes().filter(({ contract }) => contract.method !== "GET" && contract.roles !== "anyone");
    expect(writes.length).toBeGreaterThan(15);
    for (const { contract } of writes) {
      const path = contract.path.replace(/:(\w+)/g, (_, param) => (param === "userId" ? name : "1"));
      const answer = await auditor.call(contract.method, path, {
        body: { reason: "let me in", amount: 5 },
        key: newKey(),
      });
      expect([contract.id, answer.status]).toEqual([contract.id, 403]);
    }
  });
});

describe("reads of personal data", () => {
  test("leave who looked at whom, and not what a member sees of itself", async () => {
    const support = await people.withRoles("sue-support", ["support"]);
    const { name, client } = await people.newcomer("tess");
    await client.get("/api/credits");
    expect((await support.get(`/api/credits?userId=${name}`)).status).toBe(200);
    const entry = await auditOf(name, "data.read");
    expect(entry).toMatchObject({ actor: "sue-support", roles: ["support"], target: name, reason: "credits.account" });
  });
});

/** They change nothing that anybody has: a comparison, told of as a look, and a message to try a channel. */
const WITHOUT_REASON = ["monitor.consistency.check", "monitor.notifications.test"];

describe("every admin write", () => {
  const writes = publicRoutes()
    .map(({ contract }) => contract)
    .filter(({ method, roles }) => method !== "GET" && roles !== "anyone" && roles.includes("admin"))
    .filter(({ id, path }) => path.startsWith("/api/admin/") && !WITHOUT_REASON.includes(id));

  test.each([
    ["without a reason", undefined],
    ["with a blank one", " \t "],
    ["with an empty one", ""],
    ["with one that is too long", "x".repeat(1_001)],
    ["with one of control characters", "a\u0007b"],
    ["with one that is no text", 7],
  ])("%s is refused and written down", async (_what, reason) => {
    expect(writes.length).toBeGreaterThan(15);
    const actor = `unexplained-${newKey()}`;
    const admin = await people.withRoles(actor, ["admin"]);
    const { name } = await people.newcomer("zoe");
    for (const { id, method, path } of writes) {
      const where = path.replace(":userId", name).replace(":id", crypto.randomUUID()).replace(/:\w+/, "1");
      const answer = await admin.call(method, where, { body: { reason }, key: newKey() });
      expect([id, answer.status, JSON.stringify(answer.body)]).toEqual([id, 400, expect.stringContaining("/reason")]);
    }
    const auditor = await people.withRoles("otto-auditor", ["auditor"]);
    await eventually(async () => {
      const page = expectBody(await auditor.get(`/api/admin/audit?actor=${actor}&limit=100`), AuditPage);
      const refused = page.data.filter(({ action, outcome }) => action === "write.refused" && outcome === "refused");
      expect(refused.map((row) => row.reason)).toEqual(writes.map(() => "validation_failed"));
    });
  });
});

/** What staff may read that shows nobody's data. */
const IMPERSONAL = [
  "audit.verify",
  "credits.adminGetPackage",
  "credits.adminPackages",
  "gateway.getDevClock",
  "gateway.staffEvents",
  "membership.tiers",
  "monitor.notifications.list",
  "monitor.overview",
  "monitor.overview.days",
  "tiers.get",
  "tiers.list",
];
/** Of accounts that differ, which there are none of here: services/monitor/test/app.int.test.ts. */
const ELSEWHERE = ["monitor.consistency"];

/** How each of the others shows data of this user. */
const PERSONAL: Readonly<Record<string, (user: Looked) => string>> = {
  "credits.account": ({ name }) => `/api/credits?userId=${name}`,
  "credits.approvals": ({ name }) => `/api/admin/approvals?userId=${name}`,
  "credits.explain": ({ name }) => `/api/credits/explain?userId=${name}`,
  "credits.getHold": ({ holdId }) => `/api/credits/holds/${holdId}`,
  "credits.holds": ({ name }) => `/api/credits/holds?userId=${name}`,
  "credits.packages": ({ name }) => `/api/credits/packages?userId=${name}`,
  "credits.schedule": ({ name }) => `/api/credits/schedule?userId=${name}`,
  "credits.transaction": ({ transactionId }) => `/api/credits/transactions/${transactionId}`,
  "credits.transactions": ({ name }) => `/api/credits/transactions?userId=${name}`,
  "credits.transactionsCsv": ({ name }) => `/api/credits/transactions.csv?userId=${name}`,
  "credits.usage": ({ name }) => `/api/credits/usage?userId=${name}`,
  "users.get": ({ name }) => `/api/admin/users/${name}`,
  "users.list": ({ name }) => `/api/admin/users?query=${name}`,
  "users.membership.history": ({ name }) => `/api/admin/users/${name}/membership/history`,
  "tokens.revocations": () => "/api/admin/revocations",
  "monitor.alerts.list": ({ name }) => `/api/admin/alerts?userId=${name}`,
  "audit.list": ({ name }) => `/api/admin/audit?target=${name}`,
  "audit.csv": ({ name }) => `/api/admin/audit.csv?target=${name}`,
  "audit.jsonl": ({ name }) => `/api/admin/audit.jsonl?target=${name}`,
};

interface Looked {
  readonly name: string;
  readonly holdId: string;
  readonly transactionId: string;
}

/** A member of whom there is something to see in every place. */
async function looked(): Promise<Looked> {
  const [admin, shop, { name }] = [await people.admin(), await people.service(), await people.newcomer("uma")];
  const user = `/api/admin/users/${name}`;
  const reason = "to be seen";
  const large = { amount: 20_000, kind: "bonus", reason };
  const { transactionId } = expectBody(await admin.post(`${user}/credits/grants`, large, { key: newKey() }), Movement);
  expectBody(await admin.put(`${user}/membership`, { tier: "pro", cycle: "yearly", reason }), z.unknown());
  const proposal = await admin.post(`${user}/credits/grants`, { ...large, amount: 200_000 }, { key: newKey() });
  expectBody(proposal, z.unknown(), 202);
  expectBody(await admin.post("/api/admin/revocations", { userId: name, reason }), z.unknown());
  const hold = { userId: name, amount: 1, ttlSeconds: 600, reason };
  const held = await shop.post("/api/credits/holds", hold, { key: newKey() });
  const { holdId } = expectBody(held, z.object({ holdId: z.string() }), 201);
  const support = await people.withRoles("sid-support", ["support"]);
  await eventually(
    async () => {
      const alerts = expectBody(await support.get(`/api/admin/alerts?userId=${name}`), AlertPage);
      expect(alerts.data).not.toEqual([]);
    },
    { timeoutMs: 20_000 },
  );
  await auditOf(name, "membership.");
  return { name, holdId, transactionId };
}

describe("every way by which staff can look at a person", () => {
  const reads = publicRoutes().filter(
    ({ contract: { method, roles } }) =>
      method === "GET" && roles !== "anyone" && roles.some((role) => ["support", "admin", "auditor"].includes(role)),
  );

  test("is listed here", () => {
    expect(reads.map(({ contract }) => contract.id).toSorted()).toEqual(
      [...IMPERSONAL, ...ELSEWHERE, ...Object.keys(PERSONAL)].toSorted(),
    );
  });

  test("leaves who looked at whom, by what route", async () => {
    const user = await looked();
    const viewers = Object.entries(PERSONAL).map(([id, path]) => {
      const roles = reads.find(({ contract }) => contract.id === id)?.contract.roles ?? [];
      const role = (["support", "auditor", "admin"] as const).find((one) => roles.includes(one)) ?? "admin";
      return { id, role, name: `viewer-${id.toLowerCase()}-${user.name}`, path: path(user) };
    });
    for (const { name, role, path } of viewers) {
      const answer = await (await people.withRoles(name, [role])).get(path);
      expect([path, answer.status]).toEqual([path, 200]);
      expect(JSON.stringify(answer.body)).not.toMatch(/^(\{"data":\[\].*|"")$/);
    }
    const auditor = await people.withRoles("otto-auditor", ["auditor"]);
    await eventually(async () => {
      for (const { id, name } of viewers) {
        const page = expectBody(await auditor.get(`/api/admin/audit?actor=${name}`), AuditPage);
        const seen = page.data.map(({ action, target, reason }) => ({ action, target, reason }));
        expect([id, seen]).toEqual([
          id,
          expect.arrayContaining([{ action: "data.read", target: user.name, reason: id }]),
        ]);
      }
    });
  });

  test("is told of an export of everything as one of everybody", async () => {
    for (const format of ["csv", "jsonl"]) {
      const name = `takes-all-${newKey()}`;
      expect((await (await people.withRoles(name, ["auditor"])).get(`/api/admin/audit.${format}`)).status).toBe(200);
      const auditor = await people.withRoles("otto-auditor", ["auditor"]);
      await eventually(async () => {
        const page = expectBody(await auditor.get(`/api/admin/audit?actor=${name}`), AuditPage);
        expect(page.data).toMatchObject([{ action: "data.read", target: "*", reason: `audit.${format}` }]);
      });
    }
  });

  test("counts a check that is asked for by POST", async () => {
    const [{ name }, actor] = [await people.newcomer("una"), `checker-${newKey()}`];
    const giver = await people.admin();
    const gift = { amount: 5, kind: "bonus", reason: "to be checked" };
    expectBody(await giver.post(`/api/admin/users/${name}/credits/grants`, gift, { key: newKey() }), Movement);
    const admin = await people.withRoles(actor, ["admin"]);
    expect((await admin.post("/api/admin/consistency/check", { userId: name })).status).toBe(200);
    const auditor = await people.withRoles("otto-auditor", ["auditor"]);
    await eventually(async () => {
      const page = expectBody(await auditor.get(`/api/admin/audit?actor=${actor}`), AuditPage);
      expect(page.data).toMatchObject([{ action: "data.read", target: name, reason: "monitor.consistency.check" }]);
    });
  });
});

describe("four eyes", () => {
  test("a large grant waits for another admin; an attempt to approve one's own is in the log", async () => {
    const [ada, ben] = [await people.admin(), await people.withRoles("ben-admin", ["admin"])];
    const { name, client } = await people.newcomer("vera");
    const body = { amount: 150_000, kind: "bonus", reason: "the whole team's training" };
    const waiting = await ada.post(`/api/admin/users/${name}/credits/grants`, body, { key: newKey() });
    const { approvalId } = expectBody(waiting, z.object({ approvalId: z.string() }), 202);
    const approve = `/api/admin/approvals/${approvalId}/approve`;
    expect(await ada.post(approve, { reason: "mine" })).toMatchObject({ status: 403, body: { code: "own_proposal" } });
    expect((await ben.post(approve, { reason: "checked" })).status).toBe(200);
    expect(expectBody(await client.get("/api/credits"), Account).balance).toBe(150_000);
    expect(await auditOf(approvalId, "write.refused")).toMatchObject({ actor: "ada-admin", reason: "own_proposal" });
    expect(await auditOf(name, "approval.approve")).toMatchObject({ actor: "ben-admin", outcome: "succeeded" });
    const changes = (await auditOf(name, "approval.approve")).changes;
    expect(changes).toContainEqual({ path: "/status", kind: "changed", before: "pending", after: "approved" });
  });
});
