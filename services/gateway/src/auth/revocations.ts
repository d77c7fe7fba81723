import { randomUUID } from "node:crypto";
import { IntervalJob } from "@stipend/platform/jobs/interval";
import type { Part } from "@stipend/platform/lifecycle/lifecycle";
import type { Log } from "@stipend/platform/log/log";
import { gauge } from "@stipend/platform/telemetry/metrics";
import { revocationNews } from "@stipend/proto/http/revocations";
import type { z } from "zod";
import type { JsonClient } from "../forward/json-client.ts";
import { Refusal } from "../http/refusal.ts";
import type { Principal } from "./claims.ts";
import { refuseToken } from "./refuse-token.ts";

export interface RevocationsOptions {
  readonly membership: Pick<JsonClient, "call">;
  readonly log: Log;
  /** Called after news, so that what was let in before can be ended. */
  readonly onNews: () => void;
  /** How often membership is asked. Default 400 ms: with the call itself, every gateway knows within a second. */
  readonly everyMs?: number;
}

type News = z.output<(typeof revocationNews.responses)[200]["schema"]>;
type Token = Pick<Principal, "sub" | "jti" | "issuedAt">;

/** Milliseconds since 1970 by the real clock. */
interface Revoked {
  readonly issuedUntil: number;
  readonly standsUntil: number;
}

/** Rows of one answer, which may have 1 MB. Membership keeps 100,000 in all, so this list is bounded as well. */
const PAGE = 2_000;
const SWEEP_MS = 60_000;

/**
 * Which tokens are refused before they expire. The list is membership's, in MySQL; each gateway keeps a copy in memory
 * and asks for what is new. Without membership nothing new can be revoked either, so the copy goes on being right; but a
 * gateway that has never had the list can't tell, and lets nobody in.
 */
export class Revocations implements Part {
  readonly name = "token revocations";
  readonly #options: RevocationsOptions;
  readonly #job: IntervalJob;
  readonly #users = new Map<string, Revoked>();
  readonly #tokens = new Map<string, Revoked>();
  /** Number of the newest that is known. */
  #readTo = 0;
  #complete = false;
  #heardAt = performance.now();
  #sweptAt = performance.now();
  #endGauges: readonly (() => void)[] = [];

  constructor(options: RevocationsOptions) {
    this.#options = options;
    const everyMs = options.everyMs ?? 400;
    const run = () => this.#ask();
    this.#job = new IntervalJob({
      name: "revocations",
      everyMs,
      maxBackoffMs: everyMs,
      firstMs: 0,
      run,
      log: options.log,
    });
  }

  ready(): boolean {
    return this.#complete;
  }

  /** Waits for the first answer, but not for a membership that is away: readiness says so until it is back. */
  async start(): Promise<void> {
    this.#endGauges = [
      gauge("gateway_revocations", "Revocations known here", () => this.#users.size + this.#tokens.size),
      gauge(
        "gateway_revocations_age_seconds",
        "Since membership last said which tokens are revoked",
        () => (performance.now() - this.#heardAt) / 1_000,
      ),
    ];
    await this.#job.start();
    await this.#job.trigger();
  }

  async stop(): Promise<void> {
    await this.#job.stop();
    for (const end of this.#endGauges) end();
  }

  /** @throws Refusal token_revoked; revocations_unknown while the list was never read. */
  check(token: Token): void {
    if (!this.#complete) throw new Refusal("revocations_unknown", { retryAfterSeconds: 1 });
    if (this.isRevoked(token)) throw refuseToken("token_revoked", "The token has been revoked");
  }

  /** A token that does not say when it was issued counts as issued before. */
  isRevoked({ sub, jti, issuedAt }: Token): boolean {
    if (this.#users.size === 0 && this.#tokens.size === 0) return false;
    const now = Date.now();
    if (jti !== undefined && (this.#tokens.get(jti)?.standsUntil ?? 0) > now) return true;
    const user = this.#users.get(sub);
    if (user === undefined || user.standsUntil <= now) return false;
    // iat has whole seconds: one of the same second may have been issued before.
    return issuedAt === undefined || issuedAt * 1_000 <= user.issuedUntil;
  }

  /** True when there is more to read. */
  async #ask(): Promise<boolean> {
    const { head, data } = await this.#news(this.#readTo);
    this.#heardAt = performance.now();
    if (head < this.#readTo) {
      this.#options.log.warn({ head, known: this.#readTo }, "membership's database was set back: reading anew");
      this.#forget();
      return true;
    }
    for (const { kind, subject, issuedUntil, standsUntil } of data) {
      const entry = { issuedUntil: Date.parse(issuedUntil), standsUntil: Date.parse(standsUntil) };
      (kind === "user" ? this.#users : this.#tokens).set(subject, entry);
    }
    this.#readTo = data.at(-1)?.seq ?? this.#readTo;
    const more = data.length === PAGE;
    // Half a list is none.
    if (!more) this.#complete = true;
    this.#sweep();
    if (data.length > 0) this.#options.onNews();
    return more;
  }

  async #news(after: number): Promise<News> {
    const { status, body } = await this.#options.membership.call({
      method: "GET",
      path: `/internal/revocations?after=${after}&limit=${PAGE}`,
      caller: { ip: "", userAgent: "gateway", requestId: randomUUID(), traceparent: undefined },
    });
    if (status !== 200) throw new Error(`membership answered ${status} when asked what is revoked`);
    return revocationNews.responses[200].schema.parse(body);
  }

  #forget(): void {
    this.#users.clear();
    this.#tokens.clear();
    this.#readTo = 0;
    this.#complete = false;
  }

  /** What has run out is forgotten here as it is in membership. */
  #sweep(): void {
    if (performance.now() - this.#sweptAt < SWEEP_MS) return;
    this.#sweptAt = performance.now();
    const now = Date.now();
    for (const list of [this.#users, this.#tokens]) {
      for (const [subject, { standsUntil }] of list) if (standsUntil <= now) list.delete(subject);
    }
  }
}
