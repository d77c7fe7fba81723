import {
  extendZodWithOpenApi,
  OpenAPIRegistry,
  OpenApiGeneratorV31,
  type RouteConfig,
} from "@asteasolutions/zod-to-openapi";
import { DEFAULT_BODY_LIMIT, type RouteContract } from "@stipend/platform/http/contract";
import { z } from "zod";
import { healthz, readyz } from "./health.ts";
import { detailsSchemas, problemAnswers, problemMeanings, problemSchema, sharedAnswers } from "./openapi-problems.ts";

extendZodWithOpenApi(z);

type Document = ReturnType<OpenApiGeneratorV31["generateDocument"]>;

export interface DocumentTitle {
  readonly title: string;
  readonly description: string;
}

const PUBLIC: DocumentTitle = {
  title: "Stipend",
  description:
    "Credits and memberships as a service. Errors are RFC 9457 problem details with a stable `code`; lists are `{data, nextCursor}`, newest first. Any address may besides answer what the door says before it knows what is asked for: `not_found`, `method_not_allowed`, `request_timeout`, `headers_too_large`.",
};

/**
 * OpenAPI 3.1 of the given routes and of what every service answers itself. Error codes that stand in no table are left
 * out: see unknownErrorCodes in openapi-problems.ts.
 */
export function openApiDocument(routes: readonly RouteContract[], info: DocumentTitle = PUBLIC): Document {
  const registry = new OpenAPIRegistry();
  registry.registerComponent("securitySchemes", "token", { type: "http", scheme: "bearer", bearerFormat: "JWT" });
  registry.registerComponent("schemas", "Problem", problemSchema());
  for (const [name, schema] of detailsSchemas()) registry.registerComponent("schemas", name, schema);
  for (const [name, answer] of sharedAnswers()) registry.registerComponent("responses", name, answer);
  const inOrder = [...routes, healthz, readyz].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  for (const route of inOrder) registry.registerPath(operation(route));
  const document = new OpenApiGeneratorV31(registry.definitions, { sortComponents: "alphabetically" }).generateDocument(
    {
      openapi: "3.1.0",
      info: { ...info, version: "0.1.0", license: { name: "Apache-2.0", identifier: "Apache-2.0" } },
      servers: [{ url: "/" }],
      tags: tagsOf(inOrder),
      "x-problems": problemMeanings(inOrder),
    },
  );
  cleanPatterns(document);
  return document;
}

/** In the order in which one reads about them. */
const TAGS: Readonly<Record<string, string>> = {
  credits: "The account: what is there, what was spent and why, what can be bought.",
  membership: "The tier a user has, and what one can join.",
  "metered features": "Calls that cost credits, as deploy/features.yaml of this installation lists them.",
  events: "Changes as they happen.",
  admin: "What people who run the product do for others. Each change needs a reason and leaves a row in the audit log.",
  monitor: "Alerts, and the proof that the books are right.",
  audit: "Who did what to whom, in a chain of hashes.",
  development: "Moves the clock. Does not exist in production.",
  documentation: "This page and the document behind it.",
  health: "For balancers and watchers.",
  internal: "Between services only.",
};

function tagsOf(routes: readonly RouteContract[]): { name: string; description: string }[] {
  const used = new Set(routes.flatMap(({ tags }) => tags ?? []));
  const known = Object.entries(TAGS).filter(([name]) => used.has(name));
  return known.map(([name, description]) => ({ name, description }));
}

/** The generator leaves a regular expression's flags on its pattern ("^…$/u"); JSON Schema has no flags. */
function cleanPatterns(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  const node = value as Record<string, unknown>;
  const pattern = node["pattern"];
  if (typeof pattern === "string") node["pattern"] = pattern.replace(/\/[dgimsuvy]+$/, "");
  for (const inner of Object.values(node)) cleanPatterns(inner);
}

function operation(route: RouteContract): RouteConfig {
  const request: NonNullable<RouteConfig["request"]> = {};
  if (route.params !== undefined) request.params = route.params;
  else if (route.path.includes("/:")) request.params = anyParams(route.path);
  if (route.query !== undefined) request.query = route.query;
  const headers = headersOf(route);
  if (headers !== undefined) request.headers = headers;
  const body = bodyOf(route);
  if (body !== undefined) request.body = body;
  return {
    method: route.method.toLowerCase() as RouteConfig["method"],
    path: route.path.replace(/:(\w+)/g, "{$1}"),
    operationId: route.id,
    summary: route.summary,
    ...(route.roles === "anyone" ? {} : { description: `Roles: ${route.roles.join(", ")}.` }),
    tags: [...(route.tags ?? [])],
    security: route.roles === "anyone" ? [] : [{ token: [] }],
    request,
    responses: { ...problemAnswers(route), ...successes(route) },
  };
}

function anyParams(path: string): z.ZodObject {
  const names = path.match(/(?<=:)\w+/g) ?? [];
  return z.object(Object.fromEntries(names.map((name) => [name, z.string()])));
}

const IdempotencyKey = z
  .string()
  .regex(/^[\x20-\x7e]{1,255}$/)
  .meta({ description: "Your own name for this operation: the same for every retry of it, another for every other." });

const IfMatch = z
  .string()
  .optional()
  .meta({ description: "The version that was read, in quotes: refused when it has changed since.", examples: ['"3"'] });

function headersOf({ idempotencyKey, ifMatch }: RouteContract): z.ZodObject | undefined {
  if (idempotencyKey === undefined && ifMatch === undefined) return undefined;
  return z.object({
    ...(idempotencyKey === undefined
      ? {}
      : { "Idempotency-Key": idempotencyKey === "required" ? IdempotencyKey : IdempotencyKey.optional() }),
    ...(ifMatch === undefined ? {} : { "If-Match": IfMatch }),
  });
}

/** Fields that a contract does not name are refused, whether it says so or not: see serve. */
function bodyOf(route: RouteContract): NonNullable<RouteConfig["request"]>["body"] {
  const shown = route.documentedBody ?? route.body;
  if (shown === undefined) return undefined;
  const body = shown.strict();
  return {
    // A missing body is read as an empty object.
    required: !body.safeParse({}).success,
    description: `At most ${(route.bodyLimit ?? DEFAULT_BODY_LIMIT).toLocaleString("en")} bytes.`,
    content: { "application/json": { schema: body } },
  };
}

function successes(route: RouteContract): RouteConfig["responses"] {
  const entries = Object.entries(route.responses).map(([status, { description, schema, contentType }]) => {
    const type = contentType ?? "application/json";
    const headers = route.idempotencyKey === undefined ? {} : { headers: REPLAYED };
    if (schema === undefined && contentType === undefined) return [status, { description, ...headers }];
    return [status, { description, ...headers, content: { [type]: schema === undefined ? {} : { schema } } }];
  });
  return Object.fromEntries(entries) as RouteConfig["responses"];
}

const REPLAYED = {
  "Idempotent-Replayed": {
    description: "The operation was done before, by a request with this key; this is its answer again.",
    schema: { type: "string" as const, enum: ["true"] },
  },
};
