import { silentLog } from "@stipend/platform/log/log";
import { seeUsers } from "@stipend/proto/http/membership";
import { eventually } from "@stipend/testing/eventually";
import { decodeJwt } from "jose";
import { expect, onTestFinished, test } from "vitest";
import type { Principal } from "../src/auth/claims.ts";
import { JsonClient } from "../src/forward/json-client.ts";
import { Upstream } from "../src/forward/upstream.ts";
import { UsersSeen } from "../src/users/users-seen.ts";
import { testSigner } from "./support/door.ts";
import { readAll, serveHttp } from "./support/servers.ts";

interface Told {
  readonly line: string;
  readonly roles: string | string[] | undefined;
  readonly audience: unknown;
  readonly users: { readonly userId: string; readonly email?: string | undefined }[];
}

/** What the gateway tells a membership that judges it by membership's own contract; `status` may be a fault. */
async function setUp(status: () => number = () => 204) {
  const told: Told[] = [];
  const { url } = await serveHttp(async (req, res) => {
    const { users } = seeUsers.body.parse(JSON.parse(await readAll(req)));
    const { aud } = decodeJwt((req.headers.authorization ?? "").replace("Bearer ", ""));
    told.push({ line: `${req.method} ${req.url}`, roles: req.headers["stipend-actor-roles"], audience: aud, users });
    res.writeHead(status()).end();
  });
  const upstream = new Upstream({ name: "membership", origin: url, log: silentLog() });
  const membership = new JsonClient(upstream, "membership", testSigner());
  const seen = new UsersSeen({ membership, log: silentLog(), everyMs: 10 });
  await seen.start();
  onTestFinished(async () => {
    await seen.stop();
    await upstream.stop();
  });
  return { seen, told };
}

test("a user is told once, as membership's contract wants it; services and other machines never", async () => {
  const { seen, told } = await setUp();
  const alice: Principal = { sub: "alice", roles: ["user"], email: "alice@example.org", expiresAt: 0 };
  seen.seen({ ...alice });
  seen.seen({ sub: "machine", roles: ["service"], expiresAt: 0 });
  seen.seen({ sub: "service-account", roles: ["service", "user"], expiresAt: 0 });
  await eventually(() => expect(told).toHaveLength(1));
  expect(told[0]).toEqual({
    line: `${seeUsers.method} ${seeUsers.path}`,
    roles: "service",
    audience: "membership",
    users: [{ userId: "alice", email: "alice@example.org" }],
  });
  seen.seen({ ...alice });
  seen.seen({ sub: "bob", roles: ["user"], expiresAt: 0 });
  await eventually(() => expect(told).toHaveLength(2));
  expect(told[1]?.users).toEqual([{ userId: "bob" }]);
});

test("membership away: told when it is back", async () => {
  let status = 503;
  const { seen, told } = await setUp(() => status);
  seen.seen({ sub: "alice", roles: ["user"], expiresAt: 0 });
  await eventually(() => expect(told.length).toBeGreaterThan(1));
  status = 204;
  const before = told.length;
  await eventually(() => expect(told.length).toBeGreaterThan(before));
  expect(told.at(-1)?.users).toEqual([{ userId: "alice" }]);
});
