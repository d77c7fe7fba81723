import type { Actor } from "@stipend/platform/auth/actor";
import type { Clock } from "@stipend/platform/clock/clock";
import type { Deps } from "../usecases/ports.ts";
import { seeUsers } from "../usecases/see-users.ts";
import { seen } from "./request.ts";

/** Users remembered at once; the oldest is forgotten first and then simply noted again. */
const MAX_REMEMBERED = 50_000;

/**
 * Notes who calls, with the e-mail address of the token: once a user and address in this process, so that reads stay
 * reads.
 */
export class SeenUsers {
  readonly #deps: Deps;
  readonly #clock: Clock;
  readonly #emails = new Map<string, string | undefined>();

  constructor(deps: Deps, clock: Clock) {
    this.#deps = deps;
    this.#clock = clock;
  }

  async note(actor: Actor): Promise<void> {
    const user = seen(actor);
    if (this.#emails.has(user.userId) && this.#emails.get(user.userId) === user.email) return;
    await seeUsers(this.#deps, [user], this.#clock.now());
    if (this.#emails.size >= MAX_REMEMBERED) {
      const oldest = this.#emails.keys().next();
      if (oldest.done !== true) this.#emails.delete(oldest.value);
    }
    this.#emails.set(user.userId, user.email);
  }
}
