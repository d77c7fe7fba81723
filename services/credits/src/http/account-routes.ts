import { hasAnyRole } from "@stipend/platform/auth/actor";
import { CodedError } from "@stipend/platform/errors/coded";
import { decodeCursor, toPage } from "@stipend/platform/http/pagination";
import { serve } from "@stipend/platform/http/serve";
import { explain, getAccount, schedule, setLowBalanceThreshold } from "@stipend/proto/http/credits/account";
import { getHold, listHolds } from "@stipend/proto/http/credits/holds";
import type { TransactionType } from "@stipend/proto/http/credits/terms";
import { getTransaction, listTransactions } from "@stipend/proto/http/credits/transactions";
import { usage } from "@stipend/proto/http/credits/usage";
import type { IRouter } from "express";
import { z } from "zod";
import { explainBalance } from "../usecases/explain-balance.ts";
import { usageSeries } from "../usecases/usage-series.ts";
import { ACT_FOR_OTHERS, accountOf, mayAct, mayRead, READ_FOR_OTHERS } from "./acting.ts";
import type { RouteDeps } from "./deps.ts";
import { accountBody, holdBody, transactionBody } from "./present.ts";
import { touched } from "./touch.ts";

const MOST_HOLDS = 100;
const Position = z.strictObject({ v: z.int().min(1) });

export function accountRoutes(router: IRouter, deps: RouteDeps): void {
  serve(
    router,
    getAccount,
    async ({ actor, query }) => {
      const account = await touched(deps, actor, query.userId);
      return { body: accountBody(account, deps.clock.now()), subjects: [account.userId] };
    },
    { authorize: mayRead },
  );

  serve(
    router,
    listTransactions,
    async ({ actor, query }) => {
      const position = decodeCursor(query.cursor, Position);
      const { userId, version } = await touched(deps, actor, query.userId);
      // Rows are never changed: a page is the same for as long as the account has the same version.
      const body = await deps.cache.through(userId, version, ["transactions", query], async () => {
        const filter = { ...filterOf(query), userId, beforeVersion: position?.v, limit: query.limit + 1 };
        const rows = await deps.reads.transactions(filter);
        return toPage(rows, query.limit, transactionBody, (row) => ({ v: row.version }));
      });
      return { body, subjects: [userId] };
    },
    { authorize: mayRead },
  );

  serve(router, getTransaction, async ({ actor, params }) => {
    const row = await deps.reads.transaction(params.transactionId);
    const mine = row !== null && (row.userId === actor.sub || hasAnyRole(actor, READ_FOR_OTHERS));
    if (!mine) throw new CodedError("transaction_not_found");
    return { body: transactionBody(row), subjects: [row.userId] };
  });

  serve(router, getHold, async ({ actor, params }) => {
    const hold = await deps.reads.hold(deps.clock.now(), params.holdId);
    const mine = hold !== null && (hold.userId === actor.sub || hasAnyRole(actor, READ_FOR_OTHERS));
    if (!mine) throw new CodedError("hold_not_found");
    return { body: holdBody(hold), subjects: [hold.userId] };
  });

  serve(
    router,
    listHolds,
    async ({ actor, query }) => {
      const { userId } = await touched(deps, actor, query.userId);
      const holds = await deps.reads.openHolds(deps.clock.now(), userId, MOST_HOLDS);
      return { body: { data: holds.map(holdBody) }, subjects: [userId] };
    },
    { authorize: mayRead },
  );

  serve(
    router,
    setLowBalanceThreshold,
    async ({ actor, body }) => {
      const { userId } = await touched(deps, actor, accountOf(actor, body.userId, ACT_FOR_OTHERS));
      await deps.ledger.write("threshold", (session) =>
        session.setLowBalanceThreshold(deps.clock.now(), userId, body.threshold),
      );
      return { body: accountBody(await touched(deps, actor, userId), deps.clock.now()) };
    },
    { authorize: mayAct },
  );

  serve(
    router,
    usage,
    async ({ actor, query }) => {
      const { userId, version } = await touched(deps, actor, query.userId);
      const series = await usageSeries(deps, { ...query, ...spanOf(query), userId, version });
      if (series.outcome === "bad_range") {
        throw new CodedError("validation_failed", {
          message: `from must lie before to, with at most ${series.mostBuckets} intervals between them`,
          details: { errors: [{ field: "/from", in: "query", message: "does not fit interval and to" }] },
        });
      }
      return {
        body: {
          interval: query.interval,
          timeZone: deps.timeZone,
          from: series.from.toISOString(),
          to: series.to.toISOString(),
          data: series.data.map((bucket) => ({
            ...bucket,
            start: bucket.start.toISOString(),
            end: bucket.end.toISOString(),
          })),
        },
        subjects: [userId],
      };
    },
    { authorize: mayRead },
  );

  serve(
    router,
    explain,
    async ({ actor, query }) => {
      const { userId } = await touched(deps, actor, query.userId);
      const at = query.at === undefined ? deps.clock.now() : new Date(query.at);
      const explanation = await explainBalance(deps.reads, userId, at);
      if (explanation === null) throw new CodedError("user_not_found", { details: { userId } });
      const { version, balance, held, status, grants, lines } = explanation;
      return {
        body: {
          userId,
          at: at.toISOString(),
          version,
          balance,
          held,
          available: balance - held,
          status,
          grants: grants.map((grant) => ({ ...grant, expiresAt: grant.expiresAt?.toISOString() ?? null })),
          lines,
        },
        subjects: [userId],
      };
    },
    { authorize: mayRead },
  );

  serve(
    router,
    schedule,
    async ({ actor, query }) => {
      const { userId } = await touched(deps, actor, query.userId);
      const months = await deps.reads.yearlyMonths(userId);
      return {
        body: {
          data: months.map((month) => ({
            ...month,
            periodStart: month.periodStart.toISOString(),
            periodEnd: month.periodEnd.toISOString(),
          })),
        },
        subjects: [userId],
      };
    },
    { authorize: mayRead },
  );
}

/** The filters that list and export share. */
export function filterOf(query: {
  readonly type?: readonly z.output<typeof TransactionType>[] | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}) {
  return { types: query.type, ...spanOf(query) };
}

function spanOf(query: { readonly from?: string | undefined; readonly to?: string | undefined }) {
  return {
    from: query.from === undefined ? undefined : new Date(query.from),
    to: query.to === undefined ? undefined : new Date(query.to),
  };
}
