import type { SeenUser } from "../domain/people.ts";
import type { Deps } from "./ports.ts";

/** Users whose token was seen: unknown ones are created, what is newly known of the others is kept. */
export async function seeUsers(deps: Deps, users: readonly SeenUser[], now: Date): Promise<void> {
  const last = new Map(users.map((user) => [user.userId, user]));
  await deps.store.transaction("users.see", (tx) => tx.seeUsers([...last.values()], now));
}
