import type { IRouter, Request, Response } from "express";
import type { ZodObject, z } from "zod";
import { z as zod } from "zod";
import { type Actor, hasAnyRole } from "../auth/actor.ts";
import { latency } from "../telemetry/metrics.ts";
import { currentTraceparent, parseTraceparent } from "../telemetry/trace.ts";
import { readJson } from "./body.ts";
import { DEFAULT_BODY_LIMIT, type Role, type RouteContract } from "./contract.ts";
import { idempotencyKeyOf } from "./idempotency.ts";
import { Problem, validationProblem } from "./problem.ts";
import { noteRoute } from "./routes.ts";
import "./request.ts";

type Output<S> = S extends ZodObject ? z.output<S> : Record<string, never>;

/** What a handler gets: everything checked, nothing left to parse. */
export interface RouteContext<C extends RouteContract> {
  readonly params: Output<C["params"]>;
  readonly query: Output<C["query"]>;
  readonly body: Output<C["body"]>;
  /** Who asks. On routes for "anyone" without a token: sub "anonymous", no roles. */
  readonly actor: Actor;
  readonly idempotencyKey?: string;
  readonly ifMatch?: string;
  readonly requestId: string;
  /** Of this request's span, or of the caller's when nothing is traced here; for in_traceparent of procedures. */
  readonly traceparent?: string;
  /** Aborted when the client goes away before the answer is complete. */
  readonly signal: AbortSignal;
  readonly req: Request;
  readonly res: Response;
}

export interface Reply {
  /** Default: the lowest 2xx status of the contract. */
  readonly status?: number;
  /** undefined: no content. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Users whose personal data stands in the body; told to the gateway when somebody else of the staff looks. */
  readonly subjects?: readonly string[];
}

/** The answer's header that names them, from a service to the gateway and no further. */
export const SUBJECTS_HEADER = "stipend-subjects";

/** Names whose data an answer holds that its handler writes itself. `*`: more than can be named. */
export function nameSubjects(res: Response, actor: Actor, subjects: readonly string[]): void {
  // What somebody asked for may be no id at all: then it is nobody's, and may be no header either.
  const named = [...new Set(subjects)].filter((subject) => NAMEABLE.test(subject));
  if (named.length > 0 && hasAnyRole(actor, STAFF)) res.setHeader(SUBJECTS_HEADER, named.join(","));
}

/** `*`, or a user id. */
const NAMEABLE = /^(?:\*|[A-Za-z0-9_.@|:-]{1,128})$/;

const STAFF: readonly Role[] = ["support", "admin", "auditor"];

// biome-ignore lint/suspicious/noConfusingVoidType: a handler that writes to ctx.res itself has nothing to return
export type Handler<C extends RouteContract> = (ctx: RouteContext<C>) => Promise<Reply | void>;

/** The request before validation, for decisions that come first: who may act on whom. */
export interface RawRequest {
  readonly params: Readonly<Record<string, unknown>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: unknown;
}

export interface ServeOptions {
  /** Runs after the role check and before validation (design: 401, 403, 400); throws a Problem to refuse. */
  readonly authorize?: (actor: Actor, raw: RawRequest) => void | Promise<void>;
  /** Code of the refusal without an actor. Default internal_token_required; the gateway has its own. */
  readonly unauthenticatedCode?: string;
}

/** Name of the express setting that makes every answer be compared with its contract. */
export const CHECK_RESPONSES = "stipend check responses";

const requestSeconds = latency("http_request_seconds", "HTTP requests by route of the contract and status");
const nothing = zod.strictObject({});

/**
 * Serves one route of a contract. Refusals come in the order of the design: 401, 403, validation, idempotency key;
 * lookup, state and credits are the handler's. A handler that writes to ctx.res itself returns nothing.
 */
export function serve<const C extends RouteContract>(
  router: IRouter,
  contract: C,
  handler: Handler<C>,
  options: ServeOptions = {},
): void {
  const route = prepare(contract, options);
  noteRoute(router, contract);
  const method = contract.method.toLowerCase() as "get" | "post" | "put" | "delete";
  router[method](contract.path, (req: Request, res: Response, next: (error: unknown) => void) => {
    const started = performance.now();
    res.once("close", () => {
      const status = res.writableFinished ? res.statusCode : 499;
      requestSeconds.record((performance.now() - started) / 1_000, { route: contract.id, status });
    });
    answer(route, handler, req, res).catch(next);
  });
}

interface PreparedRoute {
  readonly contract: RouteContract;
  readonly params: ZodObject;
  readonly query: ZodObject;
  readonly body: ZodObject;
  readonly takesBody: boolean;
  readonly bodyLimit: number;
  readonly defaultStatus: number;
  readonly options: ServeOptions;
}

function prepare(contract: RouteContract, options: ServeOptions): PreparedRoute {
  const ok = Object.keys(contract.responses)
    .map(Number)
    .filter((status) => status >= 200 && status < 300);
  return {
    contract,
    params: contract.params?.strict() ?? nothing,
    query: contract.query?.strict() ?? nothing,
    body: contract.body?.strict() ?? nothing,
    takesBody: contract.method !== "GET",
    bodyLimit: contract.bodyLimit ?? DEFAULT_BODY_LIMIT,
    defaultStatus: ok.length === 0 ? 200 : Math.min(...ok),
    options,
  };
}

async function answer<C extends RouteContract>(
  route: PreparedRoute,
  handler: Handler<C>,
  req: Request,
  res: Response,
): Promise<void> {
  const actor = identify(route, req);
  const body = route.takesBody ? await readJson(req, route.bodyLimit) : undefined;
  if (route.options.authorize !== undefined) {
    await route.options.authorize(actor, { params: req.params, query: req.query, body });
  }
  const checked = {
    params: check(route.params, "params", req.params),
    query: check(route.query, "query", req.query),
    body: check(route.body, "body", body ?? {}),
  };
  const idempotencyKey = idempotencyKeyOf(req, route.contract.idempotencyKey);
  const ifMatch = req.headers["if-match"];
  const traceparent = currentTraceparent() ?? callersTraceparent(req);
  const ctx = {
    ...checked,
    actor,
    requestId: req.requestId,
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    ...(ifMatch === undefined ? {} : { ifMatch }),
    ...(traceparent === undefined ? {} : { traceparent }),
    signal: goneSignal(res),
    req,
    res,
  };
  // The schemas are the contract's own, so their outputs are what RouteContext says.
  const reply = await handler(ctx as unknown as RouteContext<C>);
  if (reply !== undefined) {
    if (req.app.get(CHECK_RESPONSES) === true) checkReply(route, reply);
    if (reply.subjects !== undefined) nameSubjects(res, actor, reply.subjects);
    send(res, reply, route.defaultStatus);
  }
  if (reply === undefined && !res.headersSent && !res.writableEnded && !res.destroyed) res.status(204).end();
}

function identify(route: PreparedRoute, req: Request): Actor {
  const { roles } = route.contract;
  if (req.actor === undefined) {
    if (roles !== "anyone") throw new Problem(route.options.unauthenticatedCode ?? "internal_token_required");
    return { sub: "anonymous", roles: [], caller: "", requestId: req.requestId };
  }
  if (roles !== "anyone" && !hasAnyRole(req.actor, roles)) {
    throw new Problem("role_required", {
      message: `this call needs one of the roles ${roles.join(", ")}`,
      details: { roles },
    });
  }
  return req.actor;
}

function check(schema: ZodObject, where: "params" | "query" | "body", value: unknown): unknown {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw validationProblem(where, parsed.error);
}

/** An answer that the contract does not promise is a bug here, and a lie in the OpenAPI document. */
function checkReply(route: PreparedRoute, reply: Reply): void {
  const { id, responses } = route.contract;
  const status = reply.status ?? route.defaultStatus;
  const promised = responses[status];
  if (promised === undefined) throw new Error(`${id} answered ${status}, which its contract does not name`);
  if (promised.schema === undefined || reply.body === undefined) return;
  const parsed = promised.schema.safeParse(JSON.parse(JSON.stringify(reply.body)));
  if (!parsed.success) throw new Error(`${id} answered what its contract does not promise: ${parsed.error.message}`);
}

function callersTraceparent(req: Request): string | undefined {
  const given = req.headers["traceparent"];
  return typeof given === "string" && parseTraceparent(given) !== undefined ? given : undefined;
}

function goneSignal(res: Response): AbortSignal {
  const controller = new AbortController();
  res.once("close", () => {
    if (!res.writableFinished) controller.abort();
  });
  return controller.signal;
}

function send(res: Response, reply: Reply, defaultStatus: number): void {
  if (res.headersSent || res.destroyed) return;
  res.statusCode = reply.status ?? (reply.body === undefined ? noContent(defaultStatus) : defaultStatus);
  for (const [name, value] of Object.entries(reply.headers ?? {})) res.setHeader(name, value);
  if (!res.hasHeader("Cache-Control")) res.setHeader("Cache-Control", "no-store");
  if (reply.body === undefined) {
    res.end();
    return;
  }
  const text = Buffer.from(JSON.stringify(reply.body));
  if (!res.hasHeader("Content-Type")) res.setHeader("Content-Type", "application/json; charset=utf-8");
  res.setHeader("Content-Length", text.length);
  res.end(text);
}

function noContent(defaultStatus: number): number {
  return defaultStatus === 200 ? 204 : defaultStatus;
}
