import type { Clock } from "@stipend/platform/clock/clock";
import { failedItem, itemKey } from "@stipend/platform/http/batch";
import { Problem, validationProblem } from "@stipend/platform/http/problem";
import { type RouteContext, serve } from "@stipend/platform/http/serve";
import type { Log } from "@stipend/platform/log/log";
import { BatchUser, batchUsers } from "@stipend/proto/http/membership";
import { domainProblems } from "@stipend/proto/http/problems";
import type { IRouter } from "express";
import type { z } from "zod";
import { type BroughtAnswer, type BroughtMember, bringMembers } from "../usecases/bring-members.ts";
import type { Deps } from "../usecases/ports.ts";
import { refuse } from "./refuse.ts";
import { adminAsker, keyed } from "./request.ts";

type Context = RouteContext<typeof batchUsers>;
type Judged = { readonly member: BroughtMember } | { readonly refused: ReturnType<typeof failed> };

/** How a team moves in: its users and their memberships, up to 500 at once; one bad item fails no other. */
export function batchRoute(router: IRouter, deps: Deps, clock: Clock, log: Log): void {
  serve(router, batchUsers, async (ctx) => {
    const { items, reason, dryRun } = ctx.body;
    const judged = judge(ctx, items);
    const members = judged.flatMap((item) => ("member" in item ? [item.member] : []));
    const answers = (await bringMembers(deps, { members, reason, dryRun, now: clock.now() })).values();
    const results = judged.map((item) =>
      "refused" in item ? item.refused : answerOf(item.member.request.key, answers.next().value, log),
    );
    return { body: { results } };
  });
}

function judge(ctx: Context, items: readonly unknown[]): Judged[] {
  const users = new Set<string>();
  return items.map((item) => {
    const parsed = BatchUser.safeParse(item);
    if (!parsed.success) return { refused: failed(itemKey(item), validationProblem("body", parsed.error)) };
    const { key, userId } = parsed.data;
    if (users.has(userId)) return { refused: failed(key, twice()) };
    users.add(userId);
    return { member: memberOf(ctx, parsed.data) };
  });
}

function memberOf(ctx: Context, { key, ...item }: z.output<typeof BatchUser>): BroughtMember {
  const { userId, email, name, membership } = item;
  const { request } = keyed("users.batch", key, item);
  if (request === undefined) throw new Error("an item without a key passed its contract");
  return {
    user: { userId, ...(email === undefined ? {} : { email }), ...(name === undefined ? {} : { name }) },
    request,
    asker: adminAsker(ctx),
    ...(membership === undefined
      ? {}
      : {
          membership: {
            tier: membership.tier,
            cycle: membership.cycle,
            startedAt: dateOf(membership.startedAt),
            expiresAt: dateOf(membership.expiresAt),
          },
        }),
  };
}

function answerOf(key: string, answer: BroughtAnswer | undefined, log: Log) {
  if (answer === undefined) throw new Error("an item was not answered");
  if ("failure" in answer) {
    log.error({ err: answer.failure, key }, "an item of a batch failed; the others were done without it");
    return failed(key, answer.failure);
  }
  if (!answer.ok) return failed(key, refuse(answer));
  const { view, changed, replayed } = answer;
  const { userId, tier, version } = view;
  return { key, status: 200, replayed, changed, userId, tier, membershipStatus: view.status, version };
}

function dateOf(text: string | undefined): Date | undefined {
  return text === undefined ? undefined : new Date(text);
}

function twice(): Problem {
  const errors = [{ field: "/userId", in: "body", message: "stands twice in this batch" }];
  return new Problem("validation_failed", { message: "/userId stands twice in this batch", details: { errors } });
}

function failed(key: string | null, error: unknown) {
  return failedItem(key, error, [domainProblems]);
}
