import { type Refusal, refusal } from "../domain/refusal.ts";
import type { AdminAct, Asker, Deps, Revocation } from "./ports.ts";

export interface RevokeTokens {
  /** All tokens of a user so far, or the one with this jti. */
  readonly kind: "user" | "token";
  readonly subject: string;
  readonly standsUntil: Date | undefined;
  readonly reason: string;
  readonly asker: Asker & { readonly admin: AdminAct };
  /** By the real clock: tokens know no other. */
  readonly realNow: Date;
  readonly now: Date;
}

const DAY_MS = 86_400_000;
/** Longer than identity providers let a token live, unless somebody says otherwise. */
const DEFAULT_MS = 30 * DAY_MS;
const LONGEST_MS = 400 * DAY_MS;
/** What every gateway keeps in memory: about 25 MB there. */
const MOST_REVOCATIONS = 100_000;

export async function revokeTokens(
  deps: Deps,
  command: RevokeTokens,
): Promise<{ ok: true; revocation: Revocation } | Refusal> {
  const { kind, subject, reason, asker, realNow, now } = command;
  const standsUntil = command.standsUntil ?? new Date(realNow.getTime() + DEFAULT_MS);
  const lastsMs = standsUntil.getTime() - realNow.getTime();
  if (lastsMs <= 0 || lastsMs > LONGEST_MS) {
    return refusal("revocation_out_of_time", "standsUntil must lie within the next 400 days by the real clock");
  }
  const item = { kind, subject, issuedUntil: realNow, standsUntil, revocationId: deps.newId(), reason, asker };
  const revocation = await deps.store.transaction("tokens.revoke", async (tx) => {
    // Whoever an admin names is a user from then on.
    if (kind === "user") await tx.seeUsers([{ userId: subject }], now);
    return await tx.revokeTokens(item, { most: MOST_REVOCATIONS, realNow, now });
  });
  if (revocation === undefined) {
    return refusal("revocations_full", `${MOST_REVOCATIONS} revocations stand already`, { most: MOST_REVOCATIONS });
  }
  deps.committed();
  return { ok: true, revocation };
}
