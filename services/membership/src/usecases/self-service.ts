import { cancel, resume } from "../domain/decide.ts";
import type { SeenUser } from "../domain/people.ts";
import { type ChangeAnswer, changeMembership } from "./change-membership.ts";
import type { Asker, Deps } from "./ports.ts";

export interface SelfService {
  readonly user: SeenUser;
  readonly asker: Asker;
  readonly reason: string;
  readonly now: Date;
  readonly ifMatch?: number;
}

/** The member lets the membership end with its period. */
export function cancelMembership(deps: Deps, command: SelfService): Promise<ChangeAnswer> {
  const order = { ...command, step: "cancel", action: "membership.cancel", createUser: true } as const;
  return changeMembership(deps, { ...order, decide: (member) => cancel(member.membership) });
}

/** The member takes the cancellation back. */
export function resumeMembership(deps: Deps, command: SelfService): Promise<ChangeAnswer> {
  const order = { ...command, step: "resume", action: "membership.resume", createUser: true } as const;
  return changeMembership(deps, { ...order, decide: (member) => resume(member.membership) });
}
