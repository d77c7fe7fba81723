import { end } from "../domain/decide.ts";
import { type ChangeAnswer, changeMembership } from "./change-membership.ts";
import type { Asker, Deps, KeyedRequest } from "./ports.ts";

export interface EndMembership {
  readonly userId: string;
  readonly reason: string;
  readonly asker: Asker;
  readonly now: Date;
  readonly ifMatch?: number;
  readonly request?: KeyedRequest;
}

/** Ends the active membership at once. */
export function endMembership(deps: Deps, command: EndMembership): Promise<ChangeAnswer> {
  return changeMembership(deps, {
    user: { userId: command.userId },
    step: "end",
    action: "membership.end",
    asker: command.asker,
    reason: command.reason,
    now: command.now,
    ...(command.ifMatch === undefined ? {} : { ifMatch: command.ifMatch }),
    ...(command.request === undefined ? {} : { request: command.request }),
    // An admin write that names a user creates it; the answer is then that there is nothing to end.
    createUser: true,
    decide: (member) => end(member.membership, command.now),
  });
}
