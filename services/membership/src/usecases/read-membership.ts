import type { Member } from "../domain/membership.ts";
import type { Refusal } from "../domain/refusal.ts";
import { unknownUser } from "./change-membership.ts";
import type { Deps, UserStatus } from "./ports.ts";
import { isDue, settle } from "./settle.ts";
import { type MembershipView, viewOf } from "./view.ts";

/** A user's membership; somebody who was never named is simply no member. */
export async function readOwnMembership(deps: Deps, userId: string, now: Date): Promise<MembershipView> {
  const found = await deps.store.findMember(userId);
  if (found === undefined) return viewOf({ userId, version: 0, membership: null });
  return viewOf(isDue(found, now) ? await settleOne(deps, found, now) : found);
}

/** A user as the status view shows it, brought up to date first. */
export async function readUser(
  deps: Deps,
  userId: string,
  now: Date,
): Promise<{ ok: true; user: UserStatus } | Refusal> {
  const found = await deps.store.findUser(userId);
  if (found === undefined) return unknownUser(userId);
  const member = { userId, version: found.membershipVersion, membership: found.membership };
  if (!isDue(member, now)) return { ok: true, user: found };
  await settleOne(deps, member, now);
  const user = await deps.store.findUser(userId);
  return user === undefined ? unknownUser(userId) : { ok: true, user };
}

async function settleOne(deps: Deps, member: Member, now: Date): Promise<Member> {
  const settled = await deps.store.transaction("membership.settle", async (tx) =>
    settle(tx, await tx.lock([member.userId]), now, deps),
  );
  deps.committed();
  return settled[0] ?? member;
}
