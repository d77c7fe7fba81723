import { hash } from "node:crypto";
import type { Redis } from "ioredis";
import type { UserId } from "../domain/ledger/terms.ts";
import type { ReadCache } from "../usecases/ports.ts";

export interface RedisReadCacheOptions {
  readonly redis: Redis;
  /** Names what kept values look like: another form must have another name. */
  readonly format: string;
  /** Told of each read, for the metrics. */
  readonly count?: (outcome: ReadOutcome) => void;
}

/** Found in Redis, read from MySQL, Redis gave no answer, or it rests after that. */
export type ReadOutcome = "found" | "missed" | "failed" | "not_asked";

/** Old versions are never asked for again; this is how long they stay. */
const LIFETIME_SECONDS = 60;
/** A larger answer is read anew each time. */
const MAX_VALUE_BYTES = 65_536;
/** What this process may put into Redis: with the lifetime it bounds what lies there to 120 MB. */
const MAX_BYTES_A_SECOND = 2 * 1_048_576;
/** A Redis slower than this is no help. */
const PATIENCE_MS = 50;
/** After a failure Redis is not asked for so long: one that hangs must not cost every read its patience. */
const REST_MS = 1_000;

/**
 * What was read of a ledger, kept under the account's version. The version of the moment comes from MySQL with each
 * request, so nothing here can be stale: a write makes a new version, and nobody asks for the old one again. Redis may
 * be away, slow, emptied or full of old things; then it is read from MySQL.
 */
export class RedisReadCache implements ReadCache {
  readonly keeps = true;
  readonly #redis: Redis;
  readonly #format: string;
  readonly #count: (outcome: ReadOutcome) => void;
  #restsUntil = Number.NEGATIVE_INFINITY;
  #second = 0;
  #bytesInSecond = 0;

  constructor(options: RedisReadCacheOptions) {
    this.#redis = options.redis;
    this.#format = options.format;
    this.#count = options.count ?? (() => undefined);
  }

  async through<T>(userId: UserId, version: number, what: readonly unknown[], read: () => Promise<T>): Promise<T> {
    const asked = hash("sha256", JSON.stringify(what), "base64url").slice(0, 22);
    const key = `read:${this.#format}:${userId}:${version}:${asked}`;
    const kept = await this.#get(key);
    if (kept !== undefined) return JSON.parse(kept) as T;
    const value = await read();
    this.#put(key, JSON.stringify(value));
    return value;
  }

  async #get(key: string): Promise<string | undefined> {
    if (performance.now() < this.#restsUntil) {
      this.#count("not_asked");
      return undefined;
    }
    try {
      const value = await this.#inTime(this.#redis.get(key));
      this.#count(value === null ? "missed" : "found");
      return value ?? undefined;
    } catch {
      this.#rest();
      this.#count("failed");
      return undefined;
    }
  }

  /** Nobody waits for it: when it arrives late it is still true of its version. */
  #put(key: string, value: string): void {
    const bytes = Buffer.byteLength(value);
    if (bytes > MAX_VALUE_BYTES || performance.now() < this.#restsUntil || !this.#withinRate(bytes)) return;
    this.#redis.set(key, value, "EX", LIFETIME_SECONDS).catch(() => this.#rest());
  }

  #withinRate(bytes: number): boolean {
    const second = Math.floor(performance.now() / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#bytesInSecond = 0;
    }
    this.#bytesInSecond += bytes;
    return this.#bytesInSecond <= MAX_BYTES_A_SECOND;
  }

  #rest(): void {
    this.#restsUntil = performance.now() + REST_MS;
  }

  async #inTime<T>(command: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error("Redis is slow")), PATIENCE_MS);
    });
    command.catch(() => undefined);
    try {
      return await Promise.race([command, patience]);
    } finally {
      clearTimeout(timer);
    }
  }
}
