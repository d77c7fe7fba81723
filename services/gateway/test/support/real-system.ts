import { type ChildProcess, spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { InternalTokenSigner } from "@stipend/platform/auth/internal";
import { testEngines } from "@stipend/testing/engines/test-engines";
import { eventually } from "@stipend/testing/eventually";
import { freshDatabase } from "@stipend/testing/fresh-database";
import { AUDIENCE, createIssuer, ISSUER, type Issuer } from "./issuer.ts";
import { freePort } from "./servers.ts";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));

/** credits and a gateway as processes of their own, on real engines; between them a wire that can be cut. */
export interface RealSystem {
  readonly issuer: Issuer;
  readonly gatewayUrl: string;
  /** What the gateway believes to be credits. */
  readonly wire: Wire;
  startGateway(env?: Record<string, string>): Promise<void>;
  /** SIGKILL: no draining, no goodbye. */
  killGateway(): Promise<void>;
  stopGateway(): Promise<number | null>;
  killCredits(): Promise<void>;
  startCredits(): Promise<void>;
  /** Calls credits itself, past the gateway. */
  credits(
    method: string,
    path: string,
    body?: unknown,
    as?: { sub: string; roles: string },
  ): Promise<{ status: number; body: Record<string, unknown> }>;
  featuresFile: string;
  stop(): Promise<void>;
}

export async function startRealSystem(features: string): Promise<RealSystem> {
  const engines = testEngines();
  const namespace = `gw${Math.random().toString(36).slice(2, 10)}`;
  const folder = mkdtempSync(join(tmpdir(), "gateway-"));
  const issuer = await createIssuer("ES256");
  const files = writeKeys(folder, issuer);
  const featuresFile = join(folder, "features.yaml");
  writeFileSync(featuresFile, features);
  const [database, creditsPort, gatewayPort, ...metrics] = await Promise.all([
    freshDatabase(engines.mysqlAdminUrl, "credits"),
    freePort(),
    freePort(),
    freePort(),
    freePort(),
  ]);
  const wire = await openWire(creditsPort);
  const shared = {
    PATH: process.env["PATH"] ?? "",
    NODE_ENV: "development",
    STIPEND_LOG_LEVEL: "warn",
    STIPEND_KAFKA_BROKERS: engines.kafkaBrokers,
    STIPEND_TOPIC_PREFIX: namespace,
    STIPEND_GROUP_PREFIX: namespace,
    STIPEND_REDIS_URL: engines.redisUrl,
    STIPEND_REDIS_PREFIX: `${namespace}:`,
    STIPEND_DEV_CLOCK: "on",
  };
  const credits = new Process("credits", {
    ...shared,
    STIPEND_HTTP_PORT: String(creditsPort),
    STIPEND_METRICS_PORT: String(metrics[0]),
    STIPEND_MYSQL_URL: database.url,
    STIPEND_INTERNAL_JWKS_FILE: files.internalJwks,
    STIPEND_CREDITS_EXPIRY_MS: "200",
  });
  const nowhere = `http://127.0.0.1:${await freePort()}`;
  const membership = await startMembershipDouble();
  const gateway = new Process("gateway", {
    ...shared,
    STIPEND_HTTP_PORT: String(gatewayPort),
    STIPEND_METRICS_PORT: String(metrics[1]),
    STIPEND_INTERNAL_KEY_FILE: files.gatewayKey,
    STIPEND_CREDITS_URL: wire.url,
    STIPEND_MEMBERSHIP_URL: membership.url,
    STIPEND_AUDIT_URL: nowhere,
    STIPEND_MONITOR_URL: nowhere,
    STIPEND_FEATURES_FILE: featuresFile,
    STIPEND_JWT_ISSUER: ISSUER,
    STIPEND_JWT_AUDIENCE: AUDIENCE,
    STIPEND_JWKS_URL: pathToFileURL(files.jwks).href,
  });
  const signer = new InternalTokenSigner({ keyFile: files.gatewayKey });
  await Promise.all([credits.start(), gateway.start()]);
  return {
    issuer,
    gatewayUrl: `http://127.0.0.1:${gatewayPort}`,
    wire,
    featuresFile,
    startGateway: (env) => gateway.start(env),
    killGateway: () => gateway.kill(),
    stopGateway: () => gateway.stop(),
    killCredits: () => credits.kill(),
    startCredits: () => credits.start(),
    credits: async (method, path, body, as = { sub: "gateway", roles: "service" }) => {
      const answer = await fetch(`http://127.0.0.1:${creditsPort}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${await signer.tokenFor("credits")}`,
          "stipend-actor": as.sub,
          "stipend-actor-roles": as.roles,
          "idempotency-key": `${path}-${Math.random()}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    },
    stop: async () => {
      await Promise.all([gateway.kill(), credits.kill()]);
      wire.close();
      membership.close();
      await database.drop();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Of membership only what a gateway asks before it lets anybody in: nothing is revoked. */
async function startMembershipDouble() {
  const server = createHttpServer((req, res) => {
    const known = req.url?.startsWith("/internal/revocations?") === true;
    res.writeHead(known ? 200 : 404, { "content-type": "application/json" });
    res.end(known ? '{"head":0,"data":[]}' : "{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

function writeKeys(folder: string, issuer: Issuer) {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const name = { kid: "gateway", alg: "EdDSA" };
  const write = (file: string, content: unknown) => {
    const path = join(folder, file);
    writeFileSync(path, JSON.stringify(content));
    return path;
  };
  return {
    gatewayKey: write("gateway.json", { ...privateKey.export({ format: "jwk" }), ...name }),
    internalJwks: write("internal.json", { keys: [{ ...publicKey.export({ format: "jwk" }), ...name }] }),
    jwks: write("jwks.json", { keys: [issuer.publicJwk] }),
  };
}

class Process {
  readonly #name: string;
  readonly #env: Record<string, string>;
  #child: ChildProcess | undefined;
  #output = "";

  constructor(name: string, env: Record<string, string>) {
    this.#name = name;
    this.#env = env;
  }

  async start(env: Record<string, string> = {}): Promise<void> {
    const file = `services/${this.#name}/src/main.ts`;
    const child = spawn(process.execPath, [file], {
      cwd: ROOT,
      env: { ...this.#env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    this.#output = "";
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (this.#output += String(chunk)));
    const ready = async () => {
      const { status } = await fetch(`http://127.0.0.1:${this.#env["STIPEND_HTTP_PORT"]}/readyz`);
      if (status !== 200) throw new Error(`${this.#name} is not ready:\n${this.#output}`);
    };
    const ended = new Promise<never>((_resolve, reject) => {
      child.once("exit", (code) => reject(new Error(`${this.#name} ended with ${code}:\n${this.#output}`)));
    });
    // It may also end later, when it is killed and nobody waits for its start any more.
    ended.catch(() => undefined);
    await Promise.race([ended, eventually(ready, { timeoutMs: 25_000, what: `the start of ${this.#name}` })]);
  }

  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async stop(): Promise<number | null> {
    return await this.#end("SIGTERM");
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    child.kill(signal);
    return await ended;
  }
}

/** A TCP relay that can hold back what a request whose first line matches would set off. */
export interface Wire {
  readonly url: string;
  /** Calls `then` once when a request line matches; before: nothing of it reaches credits; after: credits has answered, the answer is kept back. */
  trap(line: RegExp, when: "before" | "after", then: () => void): void;
  untrap(): void;
  close(): void;
}

async function openWire(port: number): Promise<Wire> {
  let trap: { line: RegExp; when: "before" | "after"; then: () => void } | undefined;
  const sockets = new Set<Socket>();
  const server: Server = createServer((client) => {
    const upstream = connect(port, "127.0.0.1");
    let keptBack = false;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.once("close", () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on("data", (chunk) => {
      const caught = trap?.line.test(chunk.toString("latin1").split("\r\n")[0] ?? "") === true ? trap : undefined;
      if (caught?.when === "before") return caught.then();
      if (caught?.when === "after") keptBack = true;
      upstream.write(chunk);
    });
    upstream.on("data", (chunk) => {
      if (!keptBack) client.write(chunk);
      else trap?.then();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    trap: (line, when, then) => {
      trap = { line, when, then };
    },
    untrap: () => {
      trap = undefined;
      for (const socket of sockets) socket.destroy();
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
