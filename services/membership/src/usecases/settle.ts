import { dueAt, type Member } from "../domain/membership.ts";
import { type Settlement, settlements } from "../domain/settle.ts";
import type { Change, Deps, MembershipTx } from "./ports.ts";

const SYSTEM = { actor: "system" };

/**
 * Brings locked members up to date: whatever time has done to them by `now` is written. Called by the job for those it
 * claims, and before every read and change of one member, so that nobody sees or changes a state that is over.
 */
export async function settle(
  tx: MembershipTx,
  members: readonly Member[],
  now: Date,
  deps: Pick<Deps, "timeZone" | "newId">,
): Promise<Member[]> {
  const renewals: Change[] = [];
  const ends: Change[] = [];
  const settled = members.map((member) => {
    let state = member;
    for (const step of member.membership === null ? [] : settlements(member.membership, now, deps.timeZone)) {
      (step.step === "renew" ? renewals : ends).push(changeOf(state, step, deps.newId()));
      state = { ...state, version: state.version + 1, membership: step.next };
    }
    return state;
  });
  // A membership may renew and then end in one go, never the other way round.
  if (renewals.length > 0) await tx.apply("renew", renewals, now);
  if (ends.length > 0) await tx.apply("expire", ends, now);
  return settled;
}

export function isDue(member: Member, now: Date): boolean {
  const due = member.membership === null ? null : dueAt(member.membership);
  return due !== null && due <= now;
}

function changeOf(member: Member, step: Settlement, changeId: string): Change {
  return {
    userId: member.userId,
    expectedVersion: member.version,
    changeId,
    change: step.change,
    before: member.membership,
    next: step.next,
    asker: SYSTEM,
    reason: step.reason,
  };
}
