import { decodeCursor, encodeCursor } from "@stipend/platform/http/pagination";
import { serve } from "@stipend/platform/http/serve";
import { auditList } from "@stipend/proto/http/audit";
import type { IRouter } from "express";
import { z } from "zod";
import { entryOf, usersIn } from "../usecases/read-entry.ts";
import { type LogReader, searchLog } from "../usecases/search-log.ts";
import { toEntry } from "./entry.ts";
import { exportRoutes } from "./export-routes.ts";
import { filterOf } from "./filter.ts";
import { type VerifyRoute, verifyRoute } from "./verify-route.ts";

const Position = z.int().min(1);

export interface AuditRoutes extends VerifyRoute {
  readonly log: LogReader & VerifyRoute["log"];
}

export function auditRoutes(router: IRouter, options: AuditRoutes): void {
  const { log } = options;
  serve(router, auditList, async ({ query }) => {
    const { limit, cursor, ...filters } = query;
    const before = decodeCursor(cursor, Position) ?? null;
    const { rows, next } = await searchLog(log, filterOf(filters), before, limit);
    const entries = rows.map(entryOf);
    const data = entries.map(toEntry);
    const subjects = entries.flatMap(usersIn);
    return { body: { data, nextCursor: next === null ? null : encodeCursor(next) }, subjects };
  });
  exportRoutes(router, log);
  verifyRoute(router, options);
}
