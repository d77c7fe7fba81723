import { once } from "node:events";
import { nameSubjects, type RouteContext, serve } from "@stipend/platform/http/serve";
import { csvHeader, csvLine } from "@stipend/proto/audit/csv";
import { jsonLine } from "@stipend/proto/audit/jsonl";
import type { AuditRow } from "@stipend/proto/audit/row";
import { auditCsv, auditJsonl } from "@stipend/proto/http/audit";
import type { IRouter } from "express";
import type { LogReader } from "../usecases/search-log.ts";
import { filterOf } from "./filter.ts";

/** Lines are sent in pieces of about this many characters. */
const CHUNK = 64 * 1_024;

interface Format {
  readonly contentType: string;
  readonly file: string;
  readonly head: string;
  readonly line: (row: AuditRow) => string;
}

const CSV: Format = {
  contentType: "text/csv; charset=utf-8",
  file: "audit.csv",
  head: csvHeader(),
  line: csvLine,
};
const JSONL: Format = {
  contentType: "application/jsonl; charset=utf-8",
  file: "audit.jsonl",
  head: "",
  line: jsonLine,
};

export function exportRoutes(router: IRouter, log: LogReader): void {
  serve(router, auditCsv, async (ctx) => await sendRows(ctx, log, CSV));
  serve(router, auditJsonl, async (ctx) => await sendRows(ctx, log, JSONL));
}

/** With back-pressure: however long the log, only what the client has not taken yet is in memory. */
async function sendRows(
  { actor, query, res, signal }: RouteContext<typeof auditCsv> | RouteContext<typeof auditJsonl>,
  log: LogReader,
  format: Format,
): Promise<void> {
  res.setHeader("Content-Type", format.contentType);
  res.setHeader("Content-Disposition", `attachment; filename="${format.file}"`);
  res.setHeader("Cache-Control", "no-store");
  // An export begins before it is known whom it names.
  nameSubjects(res, actor, [query.target ?? "*"]);
  let chunk = format.head;
  for await (const row of log.stream(filterOf(query))) {
    chunk += format.line(row);
    if (chunk.length < CHUNK) continue;
    if (signal.aborted) return;
    if (!res.write(chunk))
      await Promise.race([once(res, "drain", { signal }), once(res, "close")]).catch(() => undefined);
    chunk = "";
  }
  res.end(chunk);
}
