/** Signing in as a demo user, and tokens that are taken back before they expire. */
import { DevSession } from "@stipend/proto/http/sign-in";
import { eventually } from "@stipend/testing/eventually";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { type Client, expectBody } from "../support/client.ts";
import { running } from "../support/running.ts";
import { Problem } from "../support/shapes.ts";

const { people, token } = running();

async function signIn(userId: string): Promise<{ client: Client; session: z.output<typeof DevSession>; jti: string }> {
  const session = expectBody(await people.anonymous().post("/api/dev/sign-in", { userId }), DevSession);
  const payload = Buffer.from(session.token.split(".")[1] ?? "", "base64url").toString();
  const { jti } = z.object({ jti: z.string() }).parse(JSON.parse(payload));
  return { client: people.withToken(session.token), session, jti };
}

async function refusalOf(client: Client): Promise<string> {
  const answer = await client.get("/api/credits");
  return answer.status === 200 ? "let in" : expectBody(answer, Problem, answer.status).code;
}

describe("the development sign-in", () => {
  test("gives a token that every service takes, with the roles of the user chosen", async () => {
    const { client, session } = await signIn("alice");
    expect((await client.get("/api/credits")).body).toMatchObject({ userId: "alice" });
    expect((await client.get("/api/admin/users")).status).toBe(403);
    expect(session.user.roles).toEqual(["user"]);
    expect((await (await signIn("root")).client.get("/api/admin/users")).status).toBe(200);
  });
});

describe("a revocation", () => {
  const revoke = async (body: Record<string, unknown>) => {
    const answer = await (await people.admin()).post("/api/admin/revocations", { reason: "test", ...body });
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  };

  test("of one token refuses it and no other of the user, and stands in the audit log", async () => {
    const [stolen, kept] = [await signIn("bob"), await signIn("bob")];
    expect(await refusalOf(stolen.client)).toBe("let in");
    await revoke({ jti: stolen.jti });
    await eventually(async () => expect(await refusalOf(stolen.client)).toBe("token_revoked"));
    expect(await refusalOf(kept.client)).toBe("let in");
    const admin = await people.admin();
    await eventually(async () => {
      const { body } = await admin.get(`/api/admin/audit?target=${stolen.jti}`);
      expect(body).toMatchObject({ data: [{ action: "token.tokens.revoke", outcome: "succeeded", reason: "test" }] });
    });
  });

  test("of a user refuses every token so far; open streams end, and a new token is let in", async () => {
    const name = "revoked-reader";
    const before = people.withToken(await token(name, ["user"]));
    expect(await refusalOf(before)).toBe("let in");
    await revoke({ userId: name });
    await eventually(async () => expect(await refusalOf(before)).toBe("token_revoked"));
    // iat has whole seconds: the next one is after the revocation.
    await eventually(async () => {
      expect(await refusalOf(people.withToken(await token(name, ["user"])))).toBe("let in");
    });
  });

  test("is an admin's or a service's business", async () => {
    for (const role of ["user", "support", "auditor"]) {
      const client = await people.withRoles(`revoker-${role}`, [role]);
      const answer = await client.post("/api/admin/revocations", { userId: "alice", reason: "test" });
      expect(expectBody(answer, Problem, 403).code).toBe("role_required");
    }
  });
});
