import { serve } from "@stipend/platform/http/serve";
import { creditsCheck } from "@stipend/proto/http/checks";
import type { IRouter } from "express";
import type { CheckRange } from "../usecases/ports.ts";
import type { RouteDeps } from "./deps.ts";

const DEFAULT_LIMIT = 200;

/** What the monitor reads: accounts with what their own books say about them. Changes nothing. */
export function internalRoutes(router: IRouter, deps: RouteDeps): void {
  serve(router, creditsCheck, async ({ body }) => {
    const limit = body.limit ?? DEFAULT_LIMIT;
    const range: CheckRange =
      body.userIds === undefined ? { afterUserId: body.after ?? "", limit } : { userIds: body.userIds };
    const accounts = await deps.ledger.read("check", (session) => session.check(range));
    const last = accounts.at(-1);
    const more = "limit" in range && accounts.length === limit && last !== undefined;
    return {
      body: {
        data: accounts.map((account) => ({ ...account, problems: account.problems.map((problem) => problem.code) })),
        nextAfter: more ? last.userId : null,
      },
    };
  });
}
