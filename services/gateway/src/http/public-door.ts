import type { IncomingMessage, ServerResponse } from "node:http";
import { pathOf } from "@stipend/platform/http/request";
import { events } from "@stipend/proto/http/gateway";
import { staffEvents } from "@stipend/proto/http/staff-events";
import type { WebApp } from "../web/web-app.ts";
import { clientIpBehind } from "./client-ip.ts";
import type { Door } from "./door.ts";
import { secureAnswer, secureStream } from "./security-headers.ts";

export interface PublicDoorParts {
  readonly door: Pick<Door, "handle">;
  /** undefined: there are no pages. */
  readonly web?: Pick<WebApp, "handle"> | undefined;
  readonly trustedProxies?: readonly string[] | undefined;
}

const STREAMS: ReadonlySet<string> = new Set([events.path, staffEvents.path]);

/** Answers that stay open as long as their reader stays. */
export function isStream(req: IncomingMessage): boolean {
  return STREAMS.has(pathOf(req));
}

/**
 * Takes each request before express would: nothing of it is needed here, and what it keeps of a request it would keep of
 * thousands of open streams.
 */
export function publicDoor({ door, web, trustedProxies }: PublicDoorParts) {
  const clientIp = clientIpBehind(trustedProxies);
  return (req: IncomingMessage, res: ServerResponse, requestId: string): true => {
    if (isStream(req)) secureStream(req, res);
    else secureAnswer(req, res);
    if (web?.handle(req, res) !== true) void door.handle(req, res, requestId, clientIp(req));
    return true;
  };
}
