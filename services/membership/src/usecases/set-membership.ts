import { set, type Wanted } from "../domain/decide.ts";
import type { Tier } from "../domain/membership.ts";
import { type Refusal, refusal } from "../domain/refusal.ts";
import { type ChangeAnswer, changeMembership } from "./change-membership.ts";
import type { Asker, Deps, KeyedRequest } from "./ports.ts";

export interface SetMembership {
  readonly userId: string;
  readonly tier: string;
  readonly cycle: "monthly" | "yearly";
  readonly expiresAt: Date | null | undefined;
  readonly terms: "keep" | "latest";
  readonly reason: string;
  readonly asker: Asker;
  readonly now: Date;
  readonly ifMatch?: number;
  readonly request?: KeyedRequest;
}

/** Makes the user a member as wanted, or changes the membership there is; the same command again changes nothing. */
export function setMembership(deps: Deps, command: SetMembership): Promise<ChangeAnswer> {
  const { now, expiresAt } = command;
  const refused = endMissed(expiresAt, now);
  if (refused !== undefined) return Promise.resolve(refused);
  return changeMembership(deps, {
    user: { userId: command.userId },
    step: "set",
    action: "membership.set",
    asker: command.asker,
    reason: command.reason,
    now,
    ...(command.ifMatch === undefined ? {} : { ifMatch: command.ifMatch }),
    ...(command.request === undefined ? {} : { request: command.request }),
    createUser: true,
    check: (tiers) => tierMissing(command.tier, tiers),
    decide: (member, tiers) => {
      const tier = tiers.find((known) => known.tier === command.tier);
      if (tier === undefined) return unknownTier(command.tier, tiers);
      const wanted: Wanted = {
        tier,
        cycle: command.cycle,
        expiresAt,
        terms: command.terms,
        newMembershipId: deps.newId(),
      };
      return set(member.membership, wanted, now, deps.timeZone);
    },
  });
}

/** A refusal when an end is agreed that has come already. */
export function endMissed(expiresAt: Date | null | undefined, now: Date): Refusal | undefined {
  if (expiresAt === undefined || expiresAt === null || expiresAt > now) return undefined;
  const message = `expiresAt ${expiresAt.toISOString()} is not after now, ${now.toISOString()}`;
  return refusal("end_date_in_past", message, { expiresAt, now });
}

function tierMissing(code: string, tiers: readonly Tier[]): Refusal | undefined {
  return tiers.some((tier) => tier.tier === code) ? undefined : unknownTier(code, tiers);
}

export function unknownTier(code: string, tiers: readonly Tier[]): Refusal {
  const offered = tiers.filter((tier) => tier.offered).map((tier) => tier.tier);
  return refusal("unknown_tier", `there is no tier "${code}"; there are: ${offered.join(", ")}`, { tiers: offered });
}
