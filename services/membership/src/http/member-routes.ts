import type { Clock } from "@stipend/platform/clock/clock";
import { serve } from "@stipend/platform/http/serve";
import { cancelMembership, getMembership, listOfferedTiers, resumeMembership } from "@stipend/proto/http/membership";
import type { IRouter } from "express";
import type { Deps } from "../usecases/ports.ts";
import { readOwnMembership } from "../usecases/read-membership.ts";
import * as selfService from "../usecases/self-service.ts";
import { changeReply, membershipReply } from "./present.ts";
import { matching, memberAsker, seen } from "./request.ts";
import { SeenUsers } from "./seen-users.ts";

/** What members do for themselves; the caller is always the member. */
export function memberRoutes(router: IRouter, deps: Deps, clock: Clock): void {
  const users = new SeenUsers(deps, clock);

  serve(router, getMembership, async ({ actor }) => {
    await users.note(actor);
    return membershipReply(await readOwnMembership(deps, actor.sub, clock.now()));
  });

  serve(router, listOfferedTiers, async () => ({
    body: { data: (await deps.store.tiers()).filter((tier) => tier.offered) },
  }));

  serve(router, cancelMembership, async (ctx) =>
    changeReply(
      await selfService.cancelMembership(deps, {
        user: seen(ctx.actor),
        asker: memberAsker(ctx),
        reason: ctx.body.reason ?? "cancelled by the member",
        now: clock.now(),
        ...matching(ctx.ifMatch),
      }),
    ),
  );

  serve(router, resumeMembership, async (ctx) =>
    changeReply(
      await selfService.resumeMembership(deps, {
        user: seen(ctx.actor),
        asker: memberAsker(ctx),
        reason: ctx.body.reason ?? "resumed by the member",
        now: clock.now(),
        ...matching(ctx.ifMatch),
      }),
    ),
  );
}
