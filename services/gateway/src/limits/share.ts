import type { ServerResponse } from "node:http";
import type { Principal } from "../auth/claims.ts";
import { Refusal } from "../http/refusal.ts";

/**
 * How much of this process one user may have under way at once. Without it a single token and two thousand slow bodies would
 * leave no place for anybody else. Machines that act for many users are bounded by their rate alone.
 */
export class FairShare {
  readonly #quota: number;
  readonly #byUser = new Map<string, number>();

  /** @param quota requests of one user under way, streams not counted. */
  constructor(quota: number) {
    this.#quota = quota;
  }

  /** Counts a request until its answer is over. @throws Refusal rate_limited. */
  take({ sub, roles }: Pick<Principal, "sub" | "roles">, res: ServerResponse): void {
    if (roles.includes("service")) return;
    const under = this.#byUser.get(sub) ?? 0;
    if (under >= this.#quota) {
      throw new Refusal("rate_limited", {
        message: `Only ${this.#quota} requests of one user may be under way at once`,
        details: { policies: ["under-way"] },
        retryAfterSeconds: 1,
      });
    }
    this.#byUser.set(sub, under + 1);
    res.once("close", () => this.#leave(sub));
  }

  /** Users with a request under way. */
  get users(): number {
    return this.#byUser.size;
  }

  #leave(sub: string): void {
    const left = (this.#byUser.get(sub) ?? 1) - 1;
    if (left === 0) this.#byUser.delete(sub);
    else this.#byUser.set(sub, left);
  }
}
