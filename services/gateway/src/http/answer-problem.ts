import type { ServerResponse } from "node:http";
import { describeProblem } from "@stipend/platform/http/problem";
import type { Log } from "@stipend/platform/log/log";
import { gatewayProblems } from "@stipend/proto/http/gateway-problems";
import { domainProblems } from "@stipend/proto/http/problems";
import { Refusal } from "./refusal.ts";

const TABLES = [gatewayProblems, domainProblems];

/** Every error of the public door as problem+json. An answer that has begun is cut: half an answer is worse than none. */
export function answerProblem(res: ServerResponse, error: unknown, requestId: string, log: Log): void {
  const { body, known, retryAfterSeconds } = describeProblem(error, TABLES, requestId);
  if (!known || body.code === "internal_error") log.error({ err: error, requestId }, "request failed");
  if (res.headersSent || res.destroyed) {
    res.destroy();
    return;
  }
  // What was meant for the answer that did not come.
  for (const name of ["content-encoding", "content-type", "etag", "trailer"]) res.removeHeader(name);
  res.statusCode = body.status;
  res.setHeader("content-type", "application/problem+json; charset=utf-8");
  res.setHeader("cache-control", "no-store");
  if (retryAfterSeconds !== undefined) res.setHeader("retry-after", String(Math.max(1, Math.ceil(retryAfterSeconds))));
  if (error instanceof Refusal) for (const [name, value] of Object.entries(error.headers)) res.setHeader(name, value);
  // The rest of a body that is not wanted is not waited for.
  if (body.status === 413 || !res.req.complete) res.setHeader("connection", "close");
  const bytes = Buffer.from(JSON.stringify(body));
  res.setHeader("content-length", bytes.length);
  res.end(bytes);
}
