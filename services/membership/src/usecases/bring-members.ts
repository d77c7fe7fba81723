import { ServiceUnavailable } from "@stipend/platform/errors/coded";
import { type Decision, set } from "../domain/decide.ts";
import type { Cycle, Member, Tier } from "../domain/membership.ts";
import type { SeenUser } from "../domain/people.ts";
import { type Refusal, refusal } from "../domain/refusal.ts";
import { settlements } from "../domain/settle.ts";
import { type ChangeAnswer, judge, replay } from "./change-membership.ts";
import type { AnsweredRequest, Asker, Change, Deps, KeyedRequest, MembershipTx } from "./ports.ts";
import { endMissed, unknownTier } from "./set-membership.ts";
import { settle } from "./settle.ts";

/** A user who comes from another system, or whose membership is set together with many others. */
export interface BroughtMember {
  readonly user: SeenUser;
  /** Left out: the user is no member; e-mail and name are kept, a membership there is stays as it is. */
  readonly membership?: {
    readonly tier: string;
    readonly cycle: Cycle;
    readonly startedAt?: Date | undefined;
    readonly expiresAt?: Date | undefined;
  };
  readonly request: KeyedRequest;
  readonly asker: Asker;
}

export interface BringMembers {
  /** At most 500, each user once. */
  readonly members: readonly BroughtMember[];
  readonly reason: string;
  readonly now: Date;
  /** Judges everything and keeps nothing. */
  readonly dryRun: boolean;
}

/** `failure`: the database refused this one; a defect, to be logged. */
export type BroughtAnswer = ChangeAnswer | { readonly failure: unknown };

/**
 * Sets the memberships of many users in one transaction. Each is judged for itself, as a PUT would be: one that is refused,
 * by the rules or by the database, fails no other. A repeated request is answered as the first one was.
 *
 * @throws ServiceUnavailable when the database is away or busy; what was committed before stays, and its key replays it.
 */
export async function bringMembers(deps: Deps, command: BringMembers): Promise<BroughtAnswer[]> {
  const tiers = await deps.store.tiers();
  const checked = command.members.map((member) => check(member, tiers, command.now) ?? member);
  const members = checked.filter((member) => "user" in member);
  // Users first and for themselves: the locks below are then taken in one pass over the ids, in their order.
  if (!command.dryRun && members.length > 0) {
    await deps.store.transaction("users.bring", (tx) =>
      tx.seeUsers(
        members.map(({ user }) => user),
        command.now,
      ),
    );
  }
  const answers = (await inHalves(deps, { ...command, members }, tiers)).values();
  deps.committed();
  return checked.map((member) => ("user" in member ? (answers.next().value ?? { failure: "unanswered" }) : member));
}

/** Refusals that need no look at the user. */
function check({ membership }: BroughtMember, tiers: readonly Tier[], now: Date): Refusal | undefined {
  if (membership === undefined) return undefined;
  if (!tiers.some(({ tier }) => tier === membership.tier)) return unknownTier(membership.tier, tiers);
  const { startedAt, expiresAt } = membership;
  if (startedAt !== undefined && startedAt > now) {
    const message = `startedAt ${startedAt.toISOString()} is after now, ${now.toISOString()}`;
    return refusal("start_date_in_future", message, { startedAt, now });
  }
  return endMissed(expiresAt, now);
}

async function inHalves(deps: Deps, command: BringMembers, tiers: readonly Tier[]): Promise<BroughtAnswer[]> {
  const { members } = command;
  if (members.length === 0) return [];
  try {
    return await deps.store.transaction("membership.bring", (tx) => bring(deps, command, tiers, tx));
  } catch (error) {
    if (error instanceof ServiceUnavailable) throw error;
    if (members.length === 1) return [{ failure: error }];
    const half = Math.ceil(members.length / 2);
    return [
      ...(await inHalves(deps, { ...command, members: members.slice(0, half) }, tiers)),
      ...(await inHalves(deps, { ...command, members: members.slice(half) }, tiers)),
    ];
  }
}

async function bring(
  deps: Deps,
  command: BringMembers,
  tiers: readonly Tier[],
  tx: MembershipTx,
): Promise<ChangeAnswer[]> {
  const { members, now } = command;
  const locked = new Map(
    (await tx.lock(members.map(({ user }) => user.userId))).map((member) => [member.userId, member]),
  );
  const answered = await tx.findRequests(new Map(members.map(({ user, request }) => [user.userId, request])));
  const asked = members.filter(({ user }) => !answered.has(user.userId));
  const known = asked.flatMap(({ user }) => locked.get(user.userId) ?? []);
  const states = new Map((await settled(deps, command, known, tx)).map((member) => [member.userId, member]));
  const changes: Change[] = [];
  const answers = members.map((member) => answerTo(deps, command, tiers, member, answered, states, changes));
  if (!command.dryRun && changes.length > 0) await tx.apply("set", changes, now);
  return answers;
}

/** Brought up to date; a dry run only looks ahead. */
async function settled(deps: Deps, { now, dryRun }: BringMembers, members: readonly Member[], tx: MembershipTx) {
  if (!dryRun) return settle(tx, members, now, deps);
  return members.map((member) => {
    const steps = member.membership === null ? [] : settlements(member.membership, now, deps.timeZone);
    return { ...member, version: member.version + steps.length, membership: steps.at(-1)?.next ?? member.membership };
  });
}

function answerTo(
  deps: Deps,
  { now, reason }: BringMembers,
  tiers: readonly Tier[],
  { user, membership, request, asker }: BroughtMember,
  answered: ReadonlyMap<string, AnsweredRequest>,
  states: ReadonlyMap<string, Member>,
  changes: Change[],
): ChangeAnswer {
  const before = answered.get(user.userId);
  if (before !== undefined) return replay(before, request);
  // Unknown only in a dry run.
  const member = states.get(user.userId) ?? { userId: user.userId, version: 0, membership: null };
  const decision = decide(deps, member, membership, tiers, now);
  const action = membership === undefined ? "user.set" : "membership.set";
  const judged = judge(deps, { step: "set", action, asker, reason, now, request }, member, decision);
  if (!judged.ok) return judged;
  if (judged.change !== undefined) changes.push(judged.change);
  return { ok: true, view: judged.view, changed: judged.changed, replayed: false };
}

function decide(
  deps: Deps,
  member: Member,
  wanted: BroughtMember["membership"],
  tiers: readonly Tier[],
  now: Date,
): Decision {
  const tier = tiers.find((known) => known.tier === wanted?.tier);
  if (wanted === undefined || tier === undefined) return { outcome: "unchanged", membership: member.membership };
  const { cycle, startedAt, expiresAt } = wanted;
  const asked = { tier, cycle, startedAt, expiresAt, terms: "keep", newMembershipId: deps.newId() } as const;
  return set(member.membership, asked, now, deps.timeZone);
}
