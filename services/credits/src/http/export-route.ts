import { type EventEmitter, once } from "node:events";
import type { Writable } from "node:stream";
import { nameSubjects, serve } from "@stipend/platform/http/serve";
import * as contract from "@stipend/proto/http/credits/transactions";
import type { IRouter } from "express";
import type { LedgerRow } from "../domain/ledger/transactions.ts";
import { filterOf } from "./account-routes.ts";
import { mayRead } from "./acting.ts";
import { csvLine } from "./csv.ts";
import type { RouteDeps } from "./deps.ts";
import { touched } from "./touch.ts";

const COLUMNS = [
  "id",
  "createdAt",
  "type",
  "amount",
  "balanceBefore",
  "balanceAfter",
  "heldChange",
  "heldAfter",
  "version",
  "reason",
  "feature",
  "relatedId",
  "actor",
];

/** Lines gathered before they are written: a write a line would cost more than the line. */
const CHUNK = 32_768;

/** The whole ledger of an account, oldest first, in constant memory: rows are read only as fast as the client takes them. */
export function exportRoute(router: IRouter, deps: RouteDeps): void {
  serve(
    router,
    contract.exportTransactions,
    async ({ actor, query, res, signal }) => {
      const { userId } = await touched(deps, actor, query.userId);
      const rows = deps.reads.streamTransactions({ ...filterOf(query), userId });
      res.setHeader("Content-Type", "text/csv; charset=utf-8");
      res.setHeader("Content-Disposition", `attachment; filename="transactions.csv"`);
      res.setHeader("Cache-Control", "no-store");
      nameSubjects(res, actor, [userId]);
      await writeRows(res, rows, signal);
    },
    { authorize: mayRead },
  );
}

/** Pulls a row only when the one before has found room; ends the pull when the client has gone. */
export async function writeRows(
  res: Pick<Writable, "write" | "end"> & EventEmitter,
  rows: AsyncIterable<LedgerRow>,
  signal: AbortSignal,
): Promise<void> {
  let chunk = csvLine(COLUMNS);
  for await (const row of rows) {
    // Leaving the loop closes the cursor in the database.
    if (signal.aborted) return;
    chunk += csvLine(fieldsOf(row));
    if (chunk.length < CHUNK) continue;
    if (!res.write(chunk)) await drained(res, signal);
    chunk = "";
  }
  if (!signal.aborted) res.end(chunk);
}

async function drained(res: EventEmitter, signal: AbortSignal): Promise<void> {
  await once(res, "drain", { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

function fieldsOf(row: LedgerRow): (string | number | null)[] {
  return [
    row.id,
    row.createdAt.toISOString(),
    row.type,
    row.amount,
    row.balanceBefore,
    row.balanceAfter,
    row.heldChange,
    row.heldAfter,
    row.version,
    row.reason,
    row.feature,
    row.relatedTransactionId ?? row.holdId,
    row.actor,
  ];
}
