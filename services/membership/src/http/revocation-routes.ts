import type { Clock } from "@stipend/platform/clock/clock";
import { decodeCursor, toPage } from "@stipend/platform/http/pagination";
import { serve } from "@stipend/platform/http/serve";
import { listRevocations, revocationNews, revokeTokens as revokeTokensRoute } from "@stipend/proto/http/revocations";
import type { IRouter } from "express";
import { z } from "zod";
import type { Deps, Revocation } from "../usecases/ports.ts";
import { revokeTokens } from "../usecases/revoke-tokens.ts";
import { refuse } from "./refuse.ts";
import { adminAsker } from "./request.ts";

const Position = z.strictObject({ seq: z.int().min(1) });

/** @param realClock tokens are judged by the real clock, so their revocations are as well. */
export function revocationRoutes(router: IRouter, deps: Deps, clock: Clock, realClock: Clock): void {
  serve(router, revokeTokensRoute, async (ctx) => {
    const { userId, jti, standsUntil, reason } = ctx.body;
    const answer = await revokeTokens(deps, {
      ...(userId === undefined ? { kind: "token", subject: jti ?? "" } : { kind: "user", subject: userId }),
      standsUntil: standsUntil === undefined ? undefined : new Date(standsUntil),
      reason,
      asker: adminAsker(ctx),
      realNow: realClock.now(),
      now: clock.now(),
    });
    if (!answer.ok) throw refuse(answer);
    return { body: present(answer.revocation) };
  });

  serve(router, listRevocations, async ({ query }) => {
    const position = decodeCursor(query.cursor, Position);
    const rows = await deps.store.revocationsBefore({
      before: position?.seq,
      limit: query.limit + 1,
      realNow: realClock.now(),
    });
    const body = toPage(rows, query.limit, present, ({ seq }) => ({ seq }));
    return { body, subjects: body.data.flatMap(({ userId }) => (userId === null ? [] : [userId])) };
  });

  serve(router, revocationNews, async ({ query }) => {
    const { head, data } = await deps.store.revocationsAfter(query.after, query.limit);
    return {
      body: {
        head,
        data: data.map(({ seq, kind, subject, issuedUntil, standsUntil }) => ({
          seq,
          kind,
          subject,
          issuedUntil: issuedUntil.toISOString(),
          standsUntil: standsUntil.toISOString(),
        })),
      },
    };
  });
}

function present(revocation: Revocation) {
  const { kind, subject, issuedUntil, standsUntil, revocationId, actor, reason, revokedAt } = revocation;
  return {
    id: revocationId,
    userId: kind === "user" ? subject : null,
    jti: kind === "token" ? subject : null,
    issuedUntil: issuedUntil.toISOString(),
    standsUntil: standsUntil.toISOString(),
    reason,
    actor,
    revokedAt: revokedAt.toISOString(),
  };
}
