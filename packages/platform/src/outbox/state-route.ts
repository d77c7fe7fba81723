import type { IRouter } from "express";
import { z } from "zod";
import { defineRoute } from "../http/contract.ts";
import { serve } from "../http/serve.ts";
import type { Database } from "../mysql/database.ts";

export const OutboxStateResponse = z.object({
  /** Rows not published yet, counted up to 10,000. */
  pending: z.int().min(0),
  /** Rows that can't be published. */
  failed: z.int().min(0),
  /** When the oldest of them happened; null: there is none. */
  oldestAt: z.iso.datetime().nullable(),
});

/** Only the monitor asks; the gateway never routes to `/internal`. */
export const outboxState = defineRoute({
  id: "outbox.state",
  method: "GET",
  path: "/internal/outbox",
  roles: ["service"],
  summary: "How far the outbox of this service is behind",
  tags: ["internal"],
  responses: { 200: { description: "What waits", schema: OutboxStateResponse } },
  errors: [],
});

/** Asks the database, not this process's relay: any instance knows, also one that stands by. Three lookups by index. */
export function outboxStateRoute(router: IRouter, db: Database): void {
  serve(router, outboxState, async () => {
    const { pending, failed, oldestAt } = await readOutboxState(db);
    return { body: { pending, failed, oldestAt: oldestAt === null ? null : oldestAt.toISOString() } };
  });
}

export async function readOutboxState(
  db: Database,
): Promise<{ readonly pending: number; readonly failed: number; readonly oldestAt: Date | null }> {
  const [row] = await db.call<{ pending: number; failed: number; oldest_at: Date | null }>("OutboxStats");
  return { pending: Number(row?.pending ?? 0), failed: Number(row?.failed ?? 0), oldestAt: row?.oldest_at ?? null };
}
