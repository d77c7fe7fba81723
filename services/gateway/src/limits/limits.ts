import type { Log } from "@stipend/platform/log/log";
import { counter } from "@stipend/platform/telemetry/metrics";
import type { Redis } from "ioredis";
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from "rate-limiter-flexible";
import type { Principal } from "../auth/claims.ts";
import { Refusal } from "../http/refusal.ts";

export interface LimitsOptions {
  readonly redis: Redis;
  readonly log: Log;
  readonly windowSeconds: number;
  readonly perUser: number;
  /** A machine that acts for many users. */
  readonly perService: number;
  readonly perIp: number;
  readonly badTokensPerIp: number;
}

interface Policy {
  readonly name: "user" | "service" | "ip" | "bad-token" | "route";
  readonly quota: number;
  readonly redis: RateLimiterRedis;
  readonly local: RateLimiterMemory;
}

interface Reading {
  readonly policy: Policy;
  readonly remaining: number;
  readonly resetSeconds: number;
  readonly exceeded: boolean;
}

/** A route that has a limit of its own, counted for each caller. */
export interface LimitedRoute {
  readonly id: string;
  /** Requests a window. */
  readonly quota: number;
}

export type RateLimitHeaders = Readonly<Record<string, string>>;

/** After a failure Redis is not asked for so long: one that hangs must not cost every request its timeout. */
const REDIS_RESTS_MS = 1_000;

/**
 * Limits by user, by address and by route, counted in Redis over all gateways. Without Redis, reads go through and writes are
 * counted by this process alone: an outage of Redis must neither close the door nor leave it wide open.
 */
export class Limits {
  readonly #log: Log;
  readonly #redis: Redis;
  readonly #windowSeconds: number;
  readonly #user: Policy;
  readonly #service: Policy;
  readonly #ip: Policy;
  readonly #badTokens: Policy;
  /** One for each route that was limited so far; as many as there are such routes. */
  readonly #routes = new Map<string, Policy>();
  readonly #degraded = counter("gateway_limits_degraded", "Requests whose limits could not be counted in Redis");
  readonly #limited = counter("gateway_rate_limited", "Requests refused by a rate limit");
  #redisRestsUntil = Number.NEGATIVE_INFINITY;
  #lastWarning = Number.NEGATIVE_INFINITY;

  constructor(options: LimitsOptions) {
    this.#log = options.log;
    this.#redis = options.redis;
    this.#windowSeconds = options.windowSeconds;
    this.#user = this.#policy("user", options.perUser);
    this.#service = this.#policy("service", options.perService);
    this.#ip = this.#policy("ip", options.perIp);
    this.#badTokens = this.#policy("bad-token", options.badTokensPerIp);
  }

  /**
   * Counts one request.
   *
   * @param caller undefined for routes that need no token.
   * @param route only when it has a limit of its own.
   * @returns headers for the answer.
   * @throws Refusal rate_limited with Retry-After and the headers.
   */
  async take(
    ip: string,
    caller: Pick<Principal, "sub" | "roles"> | undefined,
    isRead: boolean,
    route?: LimitedRoute,
  ): Promise<RateLimitHeaders> {
    const readings = await Promise.all([
      this.#consume(this.#ip, ip, isRead),
      ...(caller === undefined ? [] : [this.#consume(this.#policyOf(caller), caller.sub, isRead)]),
      ...(route === undefined ? [] : [this.#consume(this.#policyOfRoute(route), caller?.sub ?? ip, isRead)]),
    ]);
    return this.#judge(readings.filter((reading) => reading !== undefined));
  }

  #policy(name: Policy["name"], quota: number, keyPrefix: string = name): Policy {
    const shared = { points: quota, duration: this.#windowSeconds, keyPrefix: `limit:${keyPrefix}` };
    return {
      name,
      quota,
      // Blocked keys are remembered here, so that a flood costs Redis nothing.
      redis: new RateLimiterRedis({
        ...shared,
        storeClient: this.#redis,
        inMemoryBlockOnConsumed: quota + 1,
        rejectIfRedisNotReady: true,
      }),
      local: new RateLimiterMemory(shared),
    };
  }

  /** A quota that changed (the features file was edited) begins a new count in this process, not in Redis. */
  #policyOfRoute({ id, quota }: LimitedRoute): Policy {
    const known = this.#routes.get(id);
    if (known?.quota === quota) return known;
    const policy = this.#policy("route", quota, `route:${id}`);
    this.#routes.set(id, policy);
    return policy;
  }

  #policyOf({ roles }: Pick<Principal, "roles">): Policy {
    return roles.includes("service") ? this.#service : this.#user;
  }

  /** Counts a refused token against the address it came from. @throws Refusal rate_limited. */
  async takeBadToken(ip: string): Promise<void> {
    const reading = await this.#consume(this.#badTokens, ip, false);
    this.#judge(reading === undefined ? [] : [reading]);
  }

  async #consume(policy: Policy, key: string, isRead: boolean): Promise<Reading | undefined> {
    try {
      if (performance.now() < this.#redisRestsUntil) throw new Error("Redis did not answer a moment ago");
      return reading(policy, await policy.redis.consume(key), false);
    } catch (outcome) {
      if (outcome instanceof RateLimiterRes) return reading(policy, outcome, true);
      this.#redisFailed(outcome);
      this.#degraded.add(1, { policy: policy.name, mode: isRead ? "open" : "local" });
      return isRead ? undefined : await this.#consumeLocally(policy, key);
    }
  }

  async #consumeLocally(policy: Policy, key: string): Promise<Reading> {
    try {
      return reading(policy, await policy.local.consume(key), false);
    } catch (outcome) {
      if (outcome instanceof RateLimiterRes) return reading(policy, outcome, true);
      throw outcome;
    }
  }

  #judge(readings: readonly Reading[]): RateLimitHeaders {
    const headers = this.#headers(readings);
    const exceeded = readings.filter((one) => one.exceeded);
    if (exceeded.length === 0) return headers;
    const policies = exceeded.map(({ policy }) => policy.name);
    for (const name of policies) this.#limited.add(1, { policy: name });
    throw new Refusal("rate_limited", {
      details: { policies },
      headers,
      retryAfterSeconds: Math.max(...exceeded.map(({ resetSeconds }) => resetSeconds)),
    });
  }

  /** draft-ietf-httpapi-ratelimit-headers: the policies, and where the caller stands with each. */
  #headers(readings: readonly Reading[]): RateLimitHeaders {
    if (readings.length === 0) return {};
    return {
      "ratelimit-policy": readings
        .map(({ policy }) => `"${policy.name}";q=${policy.quota};w=${this.#windowSeconds}`)
        .join(", "),
      ratelimit: readings
        .map(({ policy, remaining, resetSeconds }) => `"${policy.name}";r=${remaining};t=${resetSeconds}`)
        .join(", "),
    };
  }

  #redisFailed(error: unknown): void {
    const now = performance.now();
    if (now >= this.#redisRestsUntil) this.#redisRestsUntil = now + REDIS_RESTS_MS;
    if (now - this.#lastWarning < 10_000) return;
    this.#lastWarning = now;
    this.#log.warn(
      { err: error },
      "rate limits cannot be counted in Redis: reads open, writes limited by this process",
    );
  }
}

function reading(policy: Policy, result: RateLimiterRes, exceeded: boolean): Reading {
  return {
    policy,
    remaining: Math.max(0, result.remainingPoints),
    resetSeconds: Math.max(1, Math.ceil(result.msBeforeNext / 1_000)),
    exceeded,
  };
}
