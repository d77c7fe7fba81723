import { randomUUID } from "node:crypto";
import type { Part } from "@stipend/platform/lifecycle/lifecycle";
import type { Log } from "@stipend/platform/log/log";
import type { Principal } from "../auth/claims.ts";
import type { JsonClient } from "../forward/json-client.ts";

export interface UsersSeenOptions {
  readonly membership: Pick<JsonClient, "call">;
  readonly log: Log;
  /** How often those seen since are told. Default 500 ms. */
  readonly everyMs?: number;
}

/** Users remembered as told; the oldest is forgotten first, and told again when seen again. */
const MAX_TOLD = 100_000;
const MAX_WAITING = 10_000;
const BATCH = 200;

/**
 * Tells membership of users with a valid token, so that they stand in the admin's list even if they never called it.
 * Told once, in batches, behind the answers; what membership does not take is tried again.
 */
export class UsersSeen implements Part {
  readonly name = "users seen";
  readonly #options: UsersSeenOptions;
  readonly #told = new Map<string, string>();
  readonly #waiting = new Map<string, Principal>();
  #timer: NodeJS.Timeout | undefined;
  #sending = false;

  constructor(options: UsersSeenOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    this.#timer = setInterval(() => void this.#tell(), this.#options.everyMs ?? 500);
    this.#timer.unref();
  }

  async drain(): Promise<void> {
    clearInterval(this.#timer);
    await this.#tell();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
  }

  /** Cheap: called for every request. Services and other machines are no users. */
  seen(principal: Principal): void {
    // Keycloak gives every service account the roles that everyone has.
    if (!principal.roles.includes("user") || principal.roles.includes("service")) return;
    if (this.#told.get(principal.sub) === (principal.email ?? "")) return;
    if (this.#waiting.size < MAX_WAITING) this.#waiting.set(principal.sub, principal);
  }

  async #tell(): Promise<void> {
    if (this.#sending || this.#waiting.size === 0) return;
    this.#sending = true;
    const batch = [...this.#waiting.values()].slice(0, BATCH);
    try {
      const { status } = await this.#options.membership.call({
        method: "POST",
        path: "/internal/users/seen",
        body: { users: batch.map(({ sub, email }) => ({ userId: sub, ...(email === undefined ? {} : { email }) })) },
        caller: { ip: "", userAgent: "gateway", requestId: randomUUID(), traceparent: undefined },
      });
      // What it refuses for good would be refused for ever.
      if (status < 500) this.#noteTold(batch);
      if (status >= 400)
        this.#options.log.warn({ status, users: batch.length }, "membership did not take the users seen");
    } catch (error) {
      this.#options.log.debug({ err: error }, "users seen wait for membership");
    } finally {
      this.#sending = false;
    }
  }

  #noteTold(batch: readonly Principal[]): void {
    for (const principal of batch) {
      this.#told.set(principal.sub, principal.email ?? "");
      // Seen again while the batch was under way: told already, unless the address has changed.
      if (this.#waiting.get(principal.sub)?.email === principal.email) this.#waiting.delete(principal.sub);
      if (this.#told.size <= MAX_TOLD) continue;
      const oldest = this.#told.keys().next();
      if (!oldest.done) this.#told.delete(oldest.value);
    }
  }
}
