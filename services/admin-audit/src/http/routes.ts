import { once } from "node:events";
import { decodeCursor, encodeCursor } from "@stipend/platform/http/pagination";
import { Problem } from "@stipend/platform/http/problem";
import { type RouteContext, serve } from "@stipend/platform/http/serve";
import { type AuditFilters, auditCsv, auditList, auditVerify } from "@stipend/proto/http/audit";
import type { IRouter } from "express";
import { z } from "zod";
import { type AuditFilter, type LogReader, searchLog } from "../usecases/search-log.ts";
import { AnchorUnavailable, type ChainReader, type HeadAnchor, verifyLog } from "../usecases/verify-log.ts";
import { csvHeader, csvLine } from "./csv.ts";
import { toEntry } from "./entry.ts";

const Position = z.int().min(1);
/** Lines are sent in pieces of about this many characters. */
const CHUNK = 64 * 1_024;

export interface AuditRoutes {
  readonly log: LogReader & ChainReader;
  readonly anchors: readonly HeadAnchor[];
}

export function auditRoutes(router: IRouter, { log, anchors }: AuditRoutes): void {
  serve(router, auditList, async ({ query }) => {
    const { limit, cursor, ...filters } = query;
    const before = decodeCursor(cursor, Position) ?? null;
    const { rows, next } = await searchLog(log, filterOf(filters), before, limit);
    return { body: { data: rows.map(toEntry), nextCursor: next === null ? null : encodeCursor(next) } };
  });

  serve(router, auditCsv, async (ctx) => await sendCsv(ctx, log));

  serve(router, auditVerify, async () => {
    try {
      return { body: await verifyLog(log, anchors) };
    } catch (error) {
      if (error instanceof AnchorUnavailable) throw new Problem("anchor_unavailable", { message: error.message });
      throw error;
    }
  });
}

/** With back-pressure: however long the log, only what the client has not taken yet is in memory. */
async function sendCsv({ query, res, signal }: RouteContext<typeof auditCsv>, log: LogReader): Promise<void> {
  res.setHeader("Content-Type", "text/csv; charset=utf-8");
  res.setHeader("Content-Disposition", 'attachment; filename="audit.csv"');
  res.setHeader("Cache-Control", "no-store");
  let chunk = csvHeader();
  for await (const row of log.stream(filterOf(query))) {
    chunk += csvLine(row);
    if (chunk.length < CHUNK) continue;
    if (signal.aborted) return;
    if (!res.write(chunk))
      await Promise.race([once(res, "drain", { signal }), once(res, "close")]).catch(() => undefined);
    chunk = "";
  }
  res.end(chunk);
}

function filterOf({ from, to, ...rest }: z.output<typeof AuditFilters>): AuditFilter {
  return {
    ...rest,
    ...(from === undefined ? {} : { from: new Date(from) }),
    ...(to === undefined ? {} : { to: new Date(to) }),
  };
}
