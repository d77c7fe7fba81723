import type { Clock } from "@stipend/platform/clock/clock";
import { serve } from "@stipend/platform/http/serve";
import { membershipCheck, viewRepair } from "@stipend/proto/http/checks";
import { seeUsers as seeUsersRoute } from "@stipend/proto/http/membership";
import type { IRouter } from "express";
import type { SeenUser } from "../domain/people.ts";
import type { Deps } from "../usecases/ports.ts";
import { repairView } from "../usecases/repair-view.ts";
import { seeUsers } from "../usecases/see-users.ts";
import { presentUser } from "./present.ts";
import { adminAsker } from "./request.ts";

/** For the other services only; the gateway never routes here. */
export function internalRoutes(router: IRouter, deps: Deps, clock: Clock): void {
  serve(router, seeUsersRoute, async ({ body }) => {
    await seeUsers(deps, body.users as SeenUser[], clock.now());
  });

  serve(router, membershipCheck, async ({ body }) => {
    const users = await deps.store.checkUsers(body.userIds);
    return {
      body: {
        data: users
          .map(presentUser)
          .map(({ userId, balance, held, balanceVersion, tier, status, membershipVersion }) => ({
            userId,
            balance,
            held,
            balanceVersion,
            tier,
            status: status === "none" ? null : status,
            membershipVersion,
          })),
      },
    };
  });

  serve(router, viewRepair, async (ctx) => {
    const { userId, credits, seen, reason } = ctx.body;
    const balance = { userId, ...credits };
    const outcome = await repairView(deps, { balance, seen, reason, asker: adminAsker(ctx), now: clock.now() });
    return { body: { userId, outcome } };
  });
}
