import type { Clock } from "@stipend/platform/clock/clock";
import { decodeCursor, encodeCursor } from "@stipend/platform/http/pagination";
import { Problem } from "@stipend/platform/http/problem";
import { serve } from "@stipend/platform/http/serve";
import {
  deleteMembership,
  getTier,
  getUser,
  listTiers,
  listUsers as listUsersRoute,
  membershipHistory,
  putMembership,
  putTier,
} from "@stipend/proto/http/membership";
import type { IRouter } from "express";
import { z } from "zod";
import { endMembership } from "../usecases/end-membership.ts";
import { listUsers } from "../usecases/list-users.ts";
import type { Deps, UserCursor, UserQuery } from "../usecases/ports.ts";
import { readHistory } from "../usecases/read-history.ts";
import { readUser } from "../usecases/read-membership.ts";
import { setMembership } from "../usecases/set-membership.ts";
import { readTier, setTier, type TierPatch } from "../usecases/set-tier.ts";
import { changeReply, presentChange, presentUser } from "./present.ts";
import { refuse } from "./refuse.ts";
import { adminAsker, keyed, matching } from "./request.ts";

const Position = z.strictObject({ userNo: z.int().min(1), term: z.string().max(128).optional() });

/** What admins and support do; roles stand in the contracts. */
export function adminRoutes(router: IRouter, deps: Deps, clock: Clock): void {
  userRoutes(router, deps, clock);
  membershipRoutes(router, deps, clock);
  historyRoute(router, deps);
  tierRoutes(router, deps, clock);
}

function userRoutes(router: IRouter, deps: Deps, clock: Clock): void {
  serve(router, listUsersRoute, async ({ query }) => {
    const { cursor, endsFrom, endsTo, ...filters } = query;
    const after = decodeCursor(cursor, Position) as UserCursor | undefined;
    // A position in the order of words is none in the order of age, and the other way round.
    if (after !== undefined && (after.term === undefined) !== (query.query === undefined)) {
      throw new Problem("invalid_cursor");
    }
    const asked = withoutUndefined({
      ...filters,
      endsFrom: endsFrom === undefined ? undefined : new Date(endsFrom),
      endsTo: endsTo === undefined ? undefined : new Date(endsTo),
      after,
    }) as unknown as UserQuery;
    const { users, next } = await listUsers(deps, asked);
    const data = users.map(presentUser);
    const subjects = data.map(({ userId }) => userId);
    return { body: { data, nextCursor: next === undefined ? null : encodeCursor(next) }, subjects };
  });

  serve(router, getUser, async ({ params }) => {
    const answer = await readUser(deps, params.userId, clock.now());
    if (!answer.ok) throw refuse(answer);
    const headers = { ETag: `"${answer.user.membershipVersion}"` };
    return { body: presentUser(answer.user), headers, subjects: [answer.user.userId] };
  });
}

const Before = z.strictObject({ before: z.int().min(1) });

function historyRoute(router: IRouter, deps: Deps): void {
  serve(router, membershipHistory, async ({ params, query }) => {
    const answer = await readHistory(deps, {
      userId: params.userId,
      limit: query.limit,
      ...decodeCursor(query.cursor, Before),
    });
    if (!answer.ok) throw refuse(answer);
    const nextCursor = answer.next === undefined ? null : encodeCursor({ before: answer.next });
    return { body: { data: answer.changes.map(presentChange), nextCursor }, subjects: [params.userId] };
  });
}

function membershipRoutes(router: IRouter, deps: Deps, clock: Clock): void {
  serve(router, putMembership, async (ctx) => {
    const { tier, cycle, terms, reason, expiresAt } = ctx.body;
    return changeReply(
      await setMembership(deps, {
        userId: ctx.params.userId,
        tier,
        cycle,
        terms,
        reason,
        expiresAt: typeof expiresAt === "string" ? new Date(expiresAt) : expiresAt,
        asker: adminAsker(ctx),
        now: clock.now(),
        ...matching(ctx.ifMatch),
        ...keyed("membership.set", ctx.idempotencyKey, ctx.body),
      }),
    );
  });

  serve(router, deleteMembership, async (ctx) =>
    changeReply(
      await endMembership(deps, {
        userId: ctx.params.userId,
        reason: ctx.body.reason,
        asker: adminAsker(ctx),
        now: clock.now(),
        ...matching(ctx.ifMatch),
        ...keyed("membership.end", ctx.idempotencyKey, ctx.body),
      }),
    ),
  );
}

function tierRoutes(router: IRouter, deps: Deps, clock: Clock): void {
  serve(router, listTiers, async () => ({ body: { data: await deps.store.tiers() } }));

  serve(router, getTier, async ({ params }) => {
    const answer = await readTier(deps, params.code);
    if (!answer.ok) throw refuse(answer);
    return { body: answer.tier, headers: { ETag: `"${answer.tier.version}"` } };
  });

  serve(router, putTier, async (ctx) => {
    const { reason, ...patch } = ctx.body;
    const answer = await setTier(deps, {
      tier: { ...withoutUndefined(patch), tier: ctx.params.code } as TierPatch,
      reason,
      asker: adminAsker(ctx),
      now: clock.now(),
      ...matching(ctx.ifMatch),
    });
    if (!answer.ok) throw refuse(answer);
    return {
      status: answer.created ? 201 : 200,
      body: answer.tier,
      headers: { ETag: `"${answer.tier.version}"` },
    };
  });
}

/** Fields that were left out stay out, instead of being there as undefined. */
function withoutUndefined(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined));
}
