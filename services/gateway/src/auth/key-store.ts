import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Part } from "@stipend/platform/lifecycle/lifecycle";
import type { Log } from "@stipend/platform/log/log";
import { type CryptoKey, createLocalJWKSet, errors, type JSONWebKeySet, type JWSHeaderParameters } from "jose";
import { Agent, request } from "undici";
import { FileWatch } from "../watch/file-watch.ts";

export interface KeyStoreOptions {
  /** http, https or file. */
  readonly url: string;
  readonly log: Log;
  /** How often remote keys are fetched again. Default 5 minutes. */
  readonly refreshMs?: number;
  /** An unknown kid causes at most one fetch in this time. Default 1 minute. */
  readonly unknownKidCooldownMs?: number;
  /** How often a file is looked at. Default 1 s. */
  readonly fileEveryMs?: number;
}

type Lookup = ReturnType<typeof createLocalJWKSet>;

const MAX_JWKS_BYTES = 256 * 1024;

/**
 * The public keys of the token issuer. Keys once read are used until others replace them, so an outage of the
 * identity provider is noticed only by those whose key is new.
 */
export class KeyStore implements Part {
  readonly name = "token keys";
  readonly #options: KeyStoreOptions;
  readonly #file: string | undefined;
  readonly #agent = new Agent({ headersTimeout: 5_000, bodyTimeout: 5_000, connect: { timeout: 3_000 } });
  #lookup: Lookup | undefined;
  #text = "";
  #generation = 0;
  #loading: Promise<void> | undefined;
  #lastUnknownKidFetch = Number.NEGATIVE_INFINITY;
  #watch: FileWatch | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: KeyStoreOptions) {
    this.#options = options;
    this.#file = options.url.startsWith("file:") ? fileURLToPath(options.url) : undefined;
  }

  /** Rises when the keys change: what was verified with the old ones must be verified again. */
  get generation(): number {
    return this.#generation;
  }

  ready(): boolean {
    return this.#lookup !== undefined;
  }

  /** Does not wait for an identity provider that is away: the keys are fetched when it is back. */
  async start(): Promise<void> {
    await this.#load();
    if (this.#file !== undefined) {
      const everyMs = this.#options.fileEveryMs ?? 1_000;
      this.#watch = new FileWatch({ path: this.#file, everyMs, onChange: () => this.#load() });
      await this.#watch.start();
      return;
    }
    this.#timer = setInterval(() => void this.#load(), this.#options.refreshMs ?? 300_000);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#watch?.stop();
    await this.#agent.close();
  }

  /**
   * The key for a token's header. Of the header only `kid` and `alg` are read: keys or addresses of keys that a
   * token brings along (jwk, jku, x5u, x5c) are never used.
   *
   * @throws errors.JWKSNoMatchingKey when no key fits; KeysUnavailable when no keys were ever read.
   */
  async keyFor(header: JWSHeaderParameters): Promise<CryptoKey> {
    if (this.#lookup === undefined) await this.#loadForUnknownKid();
    if (this.#lookup === undefined) throw new KeysUnavailable();
    try {
      return await this.#find(this.#lookup, header);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await this.#loadForUnknownKid();
      return await this.#find(this.#lookup, header);
    }
  }

  #find(lookup: Lookup, header: JWSHeaderParameters): Promise<CryptoKey> {
    const { alg, kid } = header;
    if (typeof alg !== "string" || typeof kid !== "string") throw new errors.JWKSNoMatchingKey();
    return lookup({ alg, kid });
  }

  async #loadForUnknownKid(): Promise<void> {
    if (this.#loading !== undefined) return this.#loading;
    const cooldown = this.#file === undefined ? (this.#options.unknownKidCooldownMs ?? 60_000) : 1_000;
    const now = performance.now();
    // Before the first success every request may try, but one at a time and once a second at most.
    const wait = this.#lookup === undefined ? Math.min(cooldown, 1_000) : cooldown;
    if (now - this.#lastUnknownKidFetch < wait) return;
    this.#lastUnknownKidFetch = now;
    await this.#load();
  }

  #load(): Promise<void> {
    this.#loading ??= this.#readOnce().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  async #readOnce(): Promise<void> {
    try {
      const text = this.#file === undefined ? await this.#fetch() : await readFile(this.#file, "utf8");
      if (text === this.#text) return;
      this.#lookup = createLocalJWKSet(JSON.parse(text) as JSONWebKeySet);
      this.#text = text;
      this.#generation += 1;
      this.#options.log.info({ generation: this.#generation }, "token keys read");
    } catch (error) {
      this.#options.log.warn({ err: error, kept: this.#lookup !== undefined }, "token keys could not be read");
    }
  }

  async #fetch(): Promise<string> {
    const { statusCode, body } = await request(this.#options.url, { dispatcher: this.#agent });
    if (statusCode !== 200) {
      await body.dump();
      throw new Error(`the JWKS address answered ${statusCode}`);
    }
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MAX_JWKS_BYTES) throw new Error(`the JWKS is larger than ${MAX_JWKS_BYTES} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString("utf8");
  }
}

/** No keys could be read since the start: tokens can be neither accepted nor refused. */
export class KeysUnavailable extends Error {
  constructor() {
    super("the token issuer's keys could not be read yet");
    this.name = "KeysUnavailable";
  }
}
