import type { IncomingMessage } from "node:http";
import { v7 as uuidv7 } from "uuid";
import type { Actor } from "../auth/actor.ts";

declare global {
  namespace Express {
    interface Request {
      /** Set by HttpServer before anything else runs. */
      requestId: string;
      /** Set by the authentication middleware: internalAuth in services, the gateway's own in the gateway. */
      actor?: Actor;
    }
  }
}

/** A caller's request id is taken over when it is harmless in logs and headers; else a new one is made. */
export function requestIdOf(req: IncomingMessage): string {
  const given = req.headers["x-request-id"];
  return typeof given === "string" && /^[A-Za-z0-9._:-]{8,128}$/.test(given) ? given : uuidv7();
}

/** The path without its query, as it stands in the request line. */
export function pathOf(req: IncomingMessage): string {
  const url = req.url ?? "/";
  const end = url.indexOf("?");
  return end < 0 ? url : url.slice(0, end);
}
