/** Every admin change leaves a row in the audit log, with who, what, why, from where, before and after. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AuditPage, AuditVerification } from "@stipend/proto/http/audit";
import { publicRoutes } from "@stipend/proto/http/catalogue";
import { Account } from "@stipend/proto/http/credits/account";
import { eventually } from "@stipend/testing/eventually";
import { describe, expect, inject, onTestFinished, test } from "vitest";
import { z } from "zod";
import { expectBody } from "../support/client.ts";
import { npm } from "../support/npm.ts";
import { newKey } from "../support/people.ts";
import { running } from "../support/running.ts";

const { baseUrl, people } = running();

async function auditOf(target: string, action: string) {
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
