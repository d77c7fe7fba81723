import type { Clock } from "@stipend/platform/clock/clock";
import { decodeCursor, toPage } from "@stipend/platform/http/pagination";
import { type RouteContext, serve } from "@stipend/platform/http/serve";
import { parseTraceparent } from "@stipend/platform/telemetry/trace";
import { alertsAcknowledge, alertsList, alertsResolve } from "@stipend/proto/http/monitor";
import type { IRouter } from "express";
import { v7 as uuidv7 } from "uuid";
import { z } from "zod";
import type { Links } from "../settings/links.ts";
import { type Alert, type AlertStore, type Change, changeAlert } from "../usecases/alerts.ts";
import { presentAlert } from "./present.ts";

const Position = z.int().min(1);

export interface AlertRoutesOptions {
  readonly alerts: AlertStore;
  readonly links: () => Links;
  readonly clock: Clock;
  readonly onCommit: () => void;
}

export function alertRoutes(router: IRouter, { alerts, links, clock, onCommit }: AlertRoutesOptions): void {
  const present = (alert: Alert) => presentAlert(alert, links());
  serve(router, alertsList, async ({ query }) => {
    const { limit, cursor, ...filter } = query;
    const rows = await alerts.list(filter, decodeCursor(cursor, Position) ?? null, limit + 1);
    const body = toPage(rows, limit, present, (alert) => alert.seq);
    return { body, subjects: body.data.flatMap(({ userId }) => (userId === null ? [] : [userId])) };
  });

  serve(router, alertsAcknowledge, async (ctx) => {
    const alert = await changeAlert(alerts, ctx.params.id, "acknowledged", changeOf(ctx), clock.now());
    onCommit();
    return { body: present(alert) };
  });

  serve(router, alertsResolve, async (ctx) => {
    const alert = await changeAlert(alerts, ctx.params.id, "resolved", changeOf(ctx), clock.now());
    onCommit();
    return { body: present(alert) };
  });
}

type ChangeContext = RouteContext<typeof alertsAcknowledge> | RouteContext<typeof alertsResolve>;

/** What the audit log has to know. */
function changeOf({ actor, body, requestId, traceparent }: ChangeContext): Change {
  return {
    actionId: uuidv7(),
    actor: actor.sub,
    roles: actor.roles,
    reason: body.reason,
    ip: actor.ip ?? "",
    userAgent: (actor.userAgent ?? "").slice(0, 512),
    requestId,
    traceId: parseTraceparent(traceparent)?.traceId ?? "",
  };
}
