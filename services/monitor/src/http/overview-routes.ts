import type { Clock } from "@stipend/platform/clock/clock";
import { Problem } from "@stipend/platform/http/problem";
import { serve } from "@stipend/platform/http/serve";
import { consistency, consistencyCheck, consistencyRepair, dailyTotals, overview } from "@stipend/proto/http/monitor";
import type { IRouter } from "express";
import type { Comparison } from "../domain/consistency.ts";
import type { JobRules } from "../rules/all.ts";
import { checkAccounts, checkEveryAccount } from "../usecases/check-consistency.ts";
import type { CheckSource, CheckStore } from "../usecases/ports.ts";
import { type Repairer, repairAccount } from "../usecases/repair.ts";
import { entryOf, type SummaryReader } from "../usecases/summaries.ts";
import { presentConsistency, presentDays, presentDifference, presentOverview } from "./present.ts";

const MAX_DIFFERENCES = 100;
const PAGE = 500;
/** A caller waits no longer than this for a pass over all accounts; the rolling check does the rest. */
const PATIENCE_MS = 5_000;

export interface OverviewRoutesOptions {
  readonly summaries: SummaryReader;
  readonly checks: CheckStore;
  readonly source: CheckSource;
  readonly repairer: Repairer;
  readonly rules: () => JobRules;
  readonly clock: Clock;
  readonly onCommit: () => void;
}

export function overviewRoutes(router: IRouter, options: OverviewRoutesOptions): void {
  const { summaries, checks, source, rules, clock, onCommit } = options;

  serve(router, overview, async () => {
    const now = clock.now();
    return { body: presentOverview(await summaries.overview(now.toISOString().slice(0, 10)), now) };
  });

  serve(router, dailyTotals, async ({ query }) => {
    const now = clock.now();
    const days = lastDays(now, query.days);
    return { body: presentDays(days, await summaries.daysSince(days[0] ?? ""), now) };
  });

  serve(router, consistency, async () => {
    const [summary, pass, differences] = await Promise.all([
      summaries.consistency(),
      summaries.passState(),
      summaries.differences(MAX_DIFFERENCES),
    ]);
    const subjects = differences.map(({ userId }) => userId);
    return { body: presentConsistency(summary, pass, differences, clock.now()), subjects };
  });

  serve(router, consistencyRepair, async ({ body, actor, requestId, traceparent }) => {
    const { sub, roles, ip = "", userAgent = "" } = actor;
    const asker = { sub, roles, ip, userAgent, requestId, traceparent: traceparent ?? null };
    const command = { ...body, asker, now: clock.now() };
    const parts = { source, checks, rules: rules(), repairer: options.repairer };
    const done = await repairAccount(parts, command).finally(onCommit);
    if ("approvalId" in done) return { status: 202, body: done };
    const { action, transactionId, before, after } = done;
    const shown = (comparison: Comparison) => presentDifference(entryOf(comparison, command.now));
    return {
      body: { userId: body.userId, action, transactionId, before: shown(before), after: shown(after) },
    };
  });

  serve(router, consistencyCheck, async ({ body }) => {
    const now = clock.now();
    const deadline = performance.now() + PATIENCE_MS;
    const { report, complete, comparisons } =
      body.userId === undefined
        ? await checkEveryAccount(source, checks, rules(), PAGE, now, () => performance.now() > deadline)
        : { ...(await checkAccounts(source, checks, rules(), [body.userId], now)), complete: true };
    onCommit();
    if (body.userId !== undefined && report.checked === 0) throw new Problem("user_not_found");
    const differences = comparisons
      .filter((comparison) => comparison.result === "different")
      .slice(0, MAX_DIFFERENCES)
      .map((comparison) => entryOf(comparison, now));
    return {
      status: complete ? 200 : 202,
      body: { ...report, complete, differences: differences.map(presentDifference) },
      // It changes nothing: who asks is told of as one who looks.
      subjects: body.userId === undefined ? differences.map(({ userId }) => userId) : [body.userId],
    };
  });
}

const DAY_MS = 86_400_000;

/** YYYY-MM-DD in UTC, oldest first; the last one is the day of `now`. */
function lastDays(now: Date, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) =>
    new Date(now.getTime() - (count - 1 - index) * DAY_MS).toISOString().slice(0, 10),
  );
}
