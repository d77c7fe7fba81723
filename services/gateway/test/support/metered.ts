import type { RequestListener } from "node:http";
import { silentLog } from "@stipend/platform/log/log";
import { onTestFinished } from "vitest";
import type { Feature } from "../../src/features/feature.ts";
import { FeatureMetrics } from "../../src/features/feature-metrics.ts";
import { routeOfFeature } from "../../src/features/feature-route.ts";
import { Ledger } from "../../src/features/ledger.ts";
import { Settler } from "../../src/features/settler.ts";
import type { UploadPace } from "../../src/forward/body.ts";
import { JsonClient } from "../../src/forward/json-client.ts";
import { Upstream } from "../../src/forward/upstream.ts";
import { type CreditsDouble, startCreditsDouble } from "./credits-double.ts";
import { openDoor, testSigner } from "./door.ts";
import type { Issuer } from "./issuer.ts";
import { serveHttp } from "./servers.ts";

const FEATURE: Omit<Feature, "upstream"> = {
  id: "rewrite",
  summary: "Rewrites",
  method: "POST",
  path: "/api/rewrite/:style",
  roles: ["user"],
  cost: { kind: "fixed", amount: 1 },
  reason: "Rewrite a text",
  limit: undefined,
  timeoutMs: 3_000,
  answer: "buffered",
  onDisconnect: "release",
  charge: [{ from: 200, to: 299 }],
  passThrough: [{ from: 400, to: 499 }],
  requestLimit: 1_000,
  answerLimit: 10_000,
};

export interface MeteredDoor {
  readonly url: string;
  readonly credits: CreditsDouble;
  readonly settler: Settler;
  /** To the feature. */
  readonly pool: Upstream;
}

export interface MeteredDoorOptions {
  /** What is different from a buffered feature of one credit. */
  readonly feature?: Partial<Feature>;
  /** Of whoever calls. Default 3. */
  readonly balance?: number;
  readonly uploadPace?: UploadPace;
  readonly bodyTimeoutMs?: number;
}

/** A door with one metered feature behind it. */
export async function openMeteredDoor(
  issuer: Issuer,
  upstream: RequestListener | string,
  { feature, balance = 3, uploadPace, bodyTimeoutMs }: MeteredDoorOptions = {},
): Promise<MeteredDoor> {
  const origin = typeof upstream === "string" ? upstream : (await serveHttp(upstream)).url;
  const credits = await startCreditsDouble(balance);
  const log = silentLog();
  const poolOf = (url: string) => new Upstream({ name: url, origin: url, log, circuitFailures: 100 });
  const [pool, creditsPool] = [poolOf(origin), poolOf(credits.url)];
  const signer = testSigner();
  const ledger = new Ledger(new JsonClient(creditsPool, "credits", signer));
  const settler = new Settler(ledger, log);
  onTestFinished(async () => {
    await settler.drain();
    await Promise.all([pool.stop(), creditsPool.stop()]);
  });
  const parts = {
    ledger,
    settler,
    metrics: new FeatureMetrics(),
    log,
    upstreamFor: () => pool,
    tokenFor: (audience: string) => signer.tokenFor(audience),
    ...(uploadPace === undefined ? {} : { uploadPace }),
  };
  const whole: Feature = { ...FEATURE, upstream: { origin, path: "/v1/:style" }, ...feature };
  const more = bodyTimeoutMs === undefined ? {} : { bodyTimeoutMs };
  const { url } = await openDoor(issuer, [routeOfFeature(whole, parts)], more);
  return { url, credits, settler, pool };
}
