import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InternalTokenSigner } from "@stipend/platform/auth/internal";
import { HttpServer } from "@stipend/platform/http/server";
import { silentLog } from "@stipend/platform/log/log";
import { gatewayProblems } from "@stipend/proto/http/gateway-problems";
import { createLocalJWKSet } from "jose";
import { onTestFinished } from "vitest";
import type { Revocations } from "../../src/auth/revocations.ts";
import { TokenVerifier } from "../../src/auth/token-verifier.ts";
import type { Route } from "../../src/http/context.ts";
import { Door } from "../../src/http/door.ts";
import { isStream, publicDoor } from "../../src/http/public-door.ts";
import type { FairShare } from "../../src/limits/share.ts";
import { RouteTable } from "../../src/routing/route-table.ts";
import type { Refused } from "../../src/security/refusal-log.ts";
import { AUDIENCE, ISSUER, type Issuer } from "./issuer.ts";

export interface TestDoor {
  readonly url: string;
  readonly refused: Refused[];
}

export interface TestDoorOptions {
  readonly trustedProxies?: string;
  readonly revocations?: Pick<Revocations, "check">;
  readonly bodyTimeoutMs?: number;
  readonly share?: FairShare;
}

/** The door on a free port, with the given routes, the real token rules, and no limits. */
export async function openDoor(
  issuer: Issuer,
  routes: readonly Route[],
  more: TestDoorOptions = {},
): Promise<TestDoor> {
  const { trustedProxies, revocations = { check: () => undefined }, bodyTimeoutMs, share } = more;
  const table = new RouteTable<Route>();
  for (const route of routes) table.add(route.contract.method, route.contract.path, route);
  const lookup = createLocalJWKSet({ keys: [issuer.publicJwk] });
  const refused: Refused[] = [];
  const door = new Door({
    routes: () => table,
    verifier: new TokenVerifier({
      keys: {
        generation: 1,
        keyFor: ({ alg, kid }) => lookup({ alg: alg ?? "", ...(kid === undefined ? {} : { kid }) }),
      },
      issuer: ISSUER,
      audience: AUDIENCE,
      algorithms: ["ES256"],
      skewSeconds: 0,
      claims: { rolesClaim: "roles", emailClaim: "email", defaultRoles: ["user"] },
    }),
    revocations,
    limits: undefined,
    share,
    isStream,
    refusals: { record: async (one) => void refused.push(one) },
    onCaller: () => undefined,
    log: silentLog(),
  });
  const fast = publicDoor({ door, trustedProxies: trustedProxies?.split(",") });
  const http = new HttpServer({
    host: "127.0.0.1",
    port: 0,
    log: silentLog(),
    problems: [gatewayProblems],
    fast,
    ...(bodyTimeoutMs === undefined ? {} : { bodyTimeoutMs }),
  });
  await http.start();
  onTestFinished(() => http.stop());
  return { url: http.url, refused };
}

/** A signer with a key of its own. */
export function testSigner(): InternalTokenSigner {
  const folder = mkdtempSync(join(tmpdir(), "signer-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const { privateKey } = generateKeyPairSync("ed25519");
  const keyFile = join(folder, "gateway.jwk.json");
  writeFileSync(keyFile, JSON.stringify({ ...privateKey.export({ format: "jwk" }), kid: "gateway", alg: "EdDSA" }));
  return new InternalTokenSigner({ keyFile });
}
