/** Every admin change leaves a row in the audit log, with who, what, why, from where, before and after. */
import { AuditPage, AuditVerification } from "@stipend/proto/http/audit";
import { eventually } from "@stipend/testing/eventually";
import { describe, expect, test } from "vitest";
import { expectBody } from "../support/client.ts";
import { newKey } from "../support/people.ts";
import { running } from "../support/running.ts";

const { people } = running();

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
});
