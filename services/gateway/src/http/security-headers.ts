import type { IncomingMessage, ServerResponse } from "node:http";
import helmet from "helmet";

/** What a browser needs to know of a page, and of nothing else. */
const OF_PAGES = {
  contentSecurityPolicy: { directives: { "upgrade-insecure-requests": null } },
  crossOriginOpenerPolicy: true,
  crossOriginResourcePolicy: true,
  originAgentCluster: true,
  referrerPolicy: true,
  xDnsPrefetchControl: true,
  xDownloadOptions: true,
  xFrameOptions: true,
  xPermittedCrossDomainPolicies: true,
  xXssProtection: true,
} as const;

const WITHOUT = Object.fromEntries(Object.keys(OF_PAGES).map((name) => [name, false]));
const all = helmet(OF_PAGES);
const few = helmet(WITHOUT);

/** Of the answers that stay open for hours, by the thousand: each header is kept for as long. */
export function secureStream(req: IncomingMessage, res: ServerResponse): void {
  few(req, res, fail);
}

export function secureAnswer(req: IncomingMessage, res: ServerResponse): void {
  all(req, res, fail);
}

function fail(error?: unknown): void {
  if (error !== undefined) throw error;
}
