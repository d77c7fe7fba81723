import type { Decision } from "../domain/decide.ts";
import type { Member, Tier } from "../domain/membership.ts";
import type { SeenUser } from "../domain/people.ts";
import { type Refusal, refusal } from "../domain/refusal.ts";
import type { AnsweredRequest, Asker, Change, Deps, KeyedRequest, MembershipTx } from "./ports.ts";
import { settle } from "./settle.ts";
import { type MembershipView, viewOf } from "./view.ts";

/** A change that somebody asks for, whatever it is. */
export interface ChangeOrder {
  readonly user: SeenUser;
  readonly step: "set" | "cancel" | "resume" | "end";
  /** For the audit log, when an admin asks. */
  readonly action: string;
  readonly asker: Asker;
  readonly reason: string;
  readonly now: Date;
  /** The version the caller has seen; another one stored is a conflict. */
  readonly ifMatch?: number;
  readonly request?: KeyedRequest;
  /** Create the user when unknown, instead of refusing. */
  readonly createUser: boolean;
  /** Judged on the locked, settled state. May refuse by itself before anything is looked at. */
  readonly decide: (member: Member, tiers: readonly Tier[]) => Decision | Refusal;
  /** Refusals that need only the tiers; judged before the user is created. */
  readonly check?: (tiers: readonly Tier[]) => Refusal | undefined;
}

export type ChangeAnswer =
  | { readonly ok: true; readonly view: MembershipView; readonly changed: boolean; readonly replayed: boolean }
  | Refusal;

/**
 * One change of one member, in one transaction: lock, bring up to date, answer a repeated request, judge, write state,
 * history, events and audit.
 */
export async function changeMembership(deps: Deps, order: ChangeOrder): Promise<ChangeAnswer> {
  const answer = await deps.store.transaction(order.action, (tx) => attempt(deps, order, tx));
  deps.committed();
  return answer;
}

async function attempt(deps: Deps, order: ChangeOrder, tx: MembershipTx): Promise<ChangeAnswer> {
  const tiers = order.step === "set" ? await tx.tiers() : [];
  const refused = order.check?.(tiers);
  if (refused !== undefined) return refused;
  if (order.createUser) await tx.seeUsers([order.user], order.now);
  const [locked] = await tx.lock([order.user.userId]);
  if (locked === undefined) return unknownUser(order.user.userId);
  const replay = await replayed(tx, order);
  if (replay !== undefined) return replay;
  const [member = locked] = await settle(tx, [locked], order.now, deps);
  if (order.ifMatch !== undefined && order.ifMatch !== member.version) {
    return refusal("version_conflict", `the membership has version ${member.version} now, not ${order.ifMatch}`, {
      currentVersion: member.version,
    });
  }
  const decision = order.decide(member, tiers);
  if ("ok" in decision) return decision;
  const judged = judge(deps, order, member, decision);
  if (!judged.ok) return judged;
  if (judged.change !== undefined) await tx.apply(order.step, [judged.change], judged.at);
  return { ok: true, view: judged.view, changed: judged.changed, replayed: false };
}

/** Of an order, what its judgement and its records depend on. */
export type Judging = Pick<ChangeOrder, "step" | "action" | "asker" | "reason" | "now" | "request">;

export type Judged =
  | {
      readonly ok: true;
      readonly view: MembershipView;
      readonly changed: boolean;
      /** What to write; undefined when nothing changed and nobody wants that remembered. */
      readonly change: Change | undefined;
      /** The moment of the change. */
      readonly at: Date;
    }
  | Refusal;

/** What a decision about a locked member comes to: a refusal, or the change to write and the answer to give. */
export function judge(deps: Pick<Deps, "newId">, order: Judging, member: Member, decision: Decision): Judged {
  const refused = refusedBy(decision, member);
  if (refused !== undefined) return refused;
  const changed = decision.outcome === "changed";
  const next = changed ? decision.next : decision.outcome === "unchanged" ? decision.membership : null;
  const after: Member = { ...member, version: member.version + (changed ? 1 : 0), membership: next };
  const change: Change = {
    userId: member.userId,
    expectedVersion: member.version,
    changeId: deps.newId(),
    change: changed ? decision.change : "unchanged",
    before: member.membership,
    next,
    asker: order.asker,
    reason: order.reason,
    ...(order.asker.admin === undefined ? {} : { audit: auditOf(order.action, member, after) }),
    ...(order.request === undefined ? {} : { keep: { request: order.request, response: viewOf(after) } }),
  };
  const wanted = changed || change.audit !== undefined || change.keep !== undefined;
  return {
    ok: true,
    view: viewOf(after),
    changed,
    change: wanted ? change : undefined,
    // The end that was judged, not the one asked for: row, history and events tell of one moment.
    at: order.step === "end" && changed ? (next?.endedAt ?? order.now) : order.now,
  };
}

function refusedBy(decision: Decision, member: Member): Refusal | undefined {
  switch (decision.outcome) {
    case "not_allowed":
      return refusal("transition_not_allowed", `a membership that is "${decision.state}" does not allow this`, {
        state: decision.state,
        allowed: decision.allowed,
        currentVersion: member.version,
      });
    case "tier_retired":
      return refusal("tier_retired", `the tier "${decision.tier}" takes no new members`, { tier: decision.tier });
    case "membership_exists": {
      const { startedAt } = decision;
      return refusal("membership_exists", `the user has a membership since ${startedAt.toISOString()}`, { startedAt });
    }
    default:
      return undefined;
  }
}

async function replayed(tx: MembershipTx, order: ChangeOrder): Promise<ChangeAnswer | undefined> {
  if (order.request === undefined) return undefined;
  const { userId } = order.user;
  const found = (await tx.findRequests(new Map([[userId, order.request]]))).get(userId);
  return found === undefined ? undefined : replay(found, order.request);
}

/** The answer to a request whose key was used before. */
export function replay(found: AnsweredRequest, request: KeyedRequest): ChangeAnswer {
  if (found.hash !== request.hash) {
    return refusal("idempotency_key_reused", "this Idempotency-Key was used for another request on this member");
  }
  return { ok: true, view: found.response, changed: false, replayed: true };
}

function auditOf(action: string, before: Member, after: Member) {
  return { action, before: JSON.stringify(viewOf(before)), after: JSON.stringify(viewOf(after)) };
}

export function unknownUser(userId: string): Refusal {
  return refusal("user_not_found", `there is no user "${userId}"`, { userId });
}
