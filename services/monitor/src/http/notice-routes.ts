import type { Clock } from "@stipend/platform/clock/clock";
import { decodeCursor, toPage } from "@stipend/platform/http/pagination";
import { serve } from "@stipend/platform/http/serve";
import { notificationsList, notificationTest } from "@stipend/proto/http/monitor";
import type { IRouter } from "express";
import { v7 as uuidv7 } from "uuid";
import { z } from "zod";
import { type DeliveryEntry, type DeliveryLog, type NoticeSender, tryChannel } from "../usecases/notices.ts";

const Position = z.int().min(1);

export interface NoticeRoutesOptions {
  readonly notices: DeliveryLog;
  readonly sender: NoticeSender;
  readonly clock: Clock;
}

export function noticeRoutes(router: IRouter, { notices, sender, clock }: NoticeRoutesOptions): void {
  serve(router, notificationsList, async ({ query }) => {
    const { limit, cursor, ...filter } = query;
    const rows = await notices.log(filter, decodeCursor(cursor, Position) ?? null, limit + 1);
    return { body: toPage(rows, limit, presentDelivery, (entry) => entry.seq) };
  });

  serve(router, notificationTest, async ({ body }) => {
    const deliveryId = await tryChannel(sender, body.channel, () => uuidv7(), clock.now());
    return { body: { channel: body.channel, deliveryId } };
  });
}

function presentDelivery({ seq: _seq, ...entry }: DeliveryEntry) {
  return {
    ...entry,
    kind: entry.kind as "change" | "digest" | "quiet",
    status: entry.status as "waiting" | "sent" | "failed",
    nextAttemptAt: entry.nextAttemptAt?.toISOString() ?? null,
    createdAt: entry.createdAt.toISOString(),
    finishedAt: entry.finishedAt?.toISOString() ?? null,
  };
}
