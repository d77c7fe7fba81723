import type { IncomingMessage } from "node:http";
import { hasBody } from "./body.ts";

const timers = new WeakMap<IncomingMessage, NodeJS.Timeout>();

/**
 * Gives a request's body so long to arrive. Node itself knows one bound for all requests of a server, which would be that of
 * the longest upload.
 *
 * @param onLate called once when the body is not there by then, unless somebody took it over.
 */
export function boundBody(req: IncomingMessage, ms: number, onLate: () => void): void {
  if (!hasBody(req)) return;
  timers.set(req, setTimeout(onLate, ms));
  const end = () => clearTimeout(timers.get(req));
  req.once("end", end);
  req.once("close", end);
}

/** From here on the caller sees to it that the body comes to its end in time: a long upload. */
export function takeOverBody(req: IncomingMessage): void {
  clearTimeout(timers.get(req));
}
