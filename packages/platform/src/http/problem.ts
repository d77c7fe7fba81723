import type { ServerResponse } from "node:http";
import type { ErrorRequestHandler } from "express";
import type { z } from "zod";
import { CodedError } from "../errors/coded.ts";
import type { Log } from "../log/log.ts";
import type { ProblemSpec, ProblemTable } from "./contract.ts";
import { platformProblems } from "./problems.ts";

/** An error meant for the caller. Its status comes from the table of codes, never from the place that throws it. */
export class Problem extends CodedError {}

/** One field that does not fit, by JSON pointer: `/operations/3/amount`. */
export interface FieldError {
  readonly field: string;
  readonly in: "params" | "query" | "body" | "headers";
  readonly message: string;
}

/** At most so many fields are listed: a batch of 1,000 bad items needs no answer of a megabyte. */
const MAX_FIELD_ERRORS = 50;

export function validationProblem(where: FieldError["in"], error: z.ZodError): Problem {
  const errors: FieldError[] = [];
  for (const issue of error.issues) {
    const paths =
      issue.code === "unrecognized_keys"
        ? issue.keys.map((key) => ({ path: [...issue.path, key], message: "is not known here" }))
        : [{ path: issue.path, message: issue.message }];
    for (const { path, message } of paths) {
      if (errors.length < MAX_FIELD_ERRORS) errors.push({ field: pointer(path), in: where, message });
    }
  }
  return new Problem("validation_failed", { message: summary(errors), details: { errors } });
}

function pointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

function summary(errors: readonly FieldError[]): string {
  const first = errors[0];
  if (first === undefined) return "the request does not fit the contract";
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : "";
  return `${first.in}${first.field}: ${first.message}${more}`.slice(0, 500);
}

/** RFC 9457 problem details, plus a stable code and what to do. */
export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly action: string;
  readonly requestId?: string;
  readonly [extension: string]: unknown;
}

const RESERVED = new Set(["type", "title", "status", "code", "detail", "action", "requestId"]);

/**
 * The answer to an error: the code's row of the table, the error's own message as detail, its details as extension
 * members. Errors whose code stands in no table are internal errors and say nothing of their inside.
 */
export function describeProblem(
  error: unknown,
  tables: readonly ProblemTable[],
  requestId?: string,
): { body: ProblemBody; spec: ProblemSpec; known: boolean; retryAfterSeconds?: number } {
  const coded = error instanceof CodedError ? error : expressError(error);
  const found = coded === undefined ? undefined : findSpec(coded.code, tables);
  const code = coded !== undefined && found !== undefined ? coded.code : "internal_error";
  const spec: ProblemSpec = found ?? platformProblems.internal_error;
  const extensions =
    coded !== undefined && found !== undefined
      ? Object.fromEntries(Object.entries(coded.details).filter(([key]) => !RESERVED.has(key)))
      : {};
  const detail = coded !== undefined && found !== undefined && coded.message !== code ? coded.message : spec.title;
  const body: ProblemBody = {
    type: `urn:stipend:problem:${code}`,
    title: spec.title,
    status: spec.status,
    code,
    detail,
    action: spec.action,
    ...(requestId === undefined ? {} : { requestId }),
    ...extensions,
  };
  const retryAfterSeconds = coded?.retryAfterSeconds ?? (spec.status === 503 ? 1 : undefined);
  return { body, spec, known: found !== undefined, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) };
}

function findSpec(code: string, tables: readonly ProblemTable[]): ProblemSpec | undefined {
  for (const table of tables) if (Object.hasOwn(table, code)) return table[code];
  return Object.hasOwn(platformProblems, code) ? (platformProblems as ProblemTable)[code] : undefined;
}

/** Errors of express, its router and its body parser carry `type` and `status`; they are translated once, here. */
function expressError(error: unknown): CodedError | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const type = "type" in error && typeof error.type === "string" ? error.type : "";
  const status = "status" in error && typeof error.status === "number" ? error.status : 0;
  switch (type) {
    case "entity.parse.failed":
      return new Problem("malformed_json", { message: "the body is not valid JSON", cause: error });
    case "entity.too.large": {
      const limit = "limit" in error && typeof error.limit === "number" ? { limit: error.limit } : {};
      return new Problem("body_too_large", { details: limit, cause: error });
    }
    case "charset.unsupported":
    case "encoding.unsupported":
      return new Problem("unsupported_media_type", { cause: error });
    case "request.aborted":
    case "request.size.invalid":
      return new Problem("malformed_request", { message: "the body ended before its Content-Length", cause: error });
    default:
      // URIError of a path such as /%ff, and whatever else express blames on the client.
      return status >= 400 && status < 500 ? new Problem("malformed_request", { cause: error }) : undefined;
  }
}

/** Writes the problem; when the answer has begun already the connection is cut, as half an answer looks whole. */
export function sendProblem(
  res: ServerResponse,
  error: unknown,
  tables: readonly ProblemTable[],
  requestId?: string,
): number {
  const { body, retryAfterSeconds } = describeProblem(error, tables, requestId);
  if (res.headersSent) {
    res.destroy();
    return body.status;
  }
  const text = Buffer.from(JSON.stringify(body));
  res.statusCode = body.status;
  res.setHeader("Cache-Control", "no-store");
  if (retryAfterSeconds !== undefined) res.setHeader("Retry-After", String(Math.max(1, Math.ceil(retryAfterSeconds))));
  // The rest of a body that is too large would have to be read before the next request on this connection.
  if (body.status === 413) res.setHeader("Connection", "close");
  if (body.status === 401) res.setHeader("WWW-Authenticate", 'Bearer realm="stipend"');
  res.setHeader("Content-Type", "application/problem+json; charset=utf-8");
  res.setHeader("Content-Length", text.length);
  res.end(text);
  return body.status;
}

/** The last middleware: every error becomes a problem+json; those that are our fault are logged with their cause. */
export function problemHandler(options: { log: Log; tables: readonly ProblemTable[] }): ErrorRequestHandler {
  return (error, req, res, _next) => {
    const { requestId } = req;
    const { known, body } = describeProblem(error, options.tables);
    const line = { err: error as unknown, requestId, method: req.method, path: req.path, code: body.code };
    if (!known || body.code === "internal_error") options.log.error(line, "request failed");
    else if (body.status >= 500) options.log.warn(line, "request failed");
    sendProblem(res, error, options.tables, requestId);
  };
}
