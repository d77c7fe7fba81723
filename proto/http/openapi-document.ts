import {
  extendZodWithOpenApi,
  OpenAPIRegistry,
  OpenApiGeneratorV31,
  type RouteConfig,
} from "@asteasolutions/zod-to-openapi";
import { DEFAULT_BODY_LIMIT, type ProblemTable, type RouteContract } from "@stipend/platform/http/contract";
import { platformProblems } from "@stipend/platform/http/problems";
import { z } from "zod";
import { gatewayProblems } from "./gateway-problems.ts";
import { domainProblems } from "./problems.ts";

extendZodWithOpenApi(z);

type Document = ReturnType<OpenApiGeneratorV31["generateDocument"]>;

/** Every code that a caller of the public door can meet. */
export const publicProblems: ProblemTable = { ...platformProblems, ...domainProblems, ...gatewayProblems };

/** What any route with a token may answer, whatever its contract says. */
const TOKEN_ERRORS = Object.keys(gatewayProblems).filter((code) => code.startsWith("token_"));
const EVERYWHERE = ["rate_limited", "overloaded", "upstream_unavailable", "internal_error"];

/** "credits.consume names code_x" for every error code of a contract that stands in no table of problems. */
export function unknownErrorCodes(routes: readonly RouteContract[]): string[] {
  return routes.flatMap((route) =>
    route.errors.filter((code) => !Object.hasOwn(publicProblems, code)).map((code) => `${route.id} names ${code}`),
  );
}

/** OpenAPI 3.1 of the given routes. Error codes that stand in no table are left out: see unknownErrorCodes. */
export function openApiDocument(routes: readonly RouteContract[]): Document {
  const registry = new OpenAPIRegistry();
  registry.registerComponent("securitySchemes", "token", { type: "http", scheme: "bearer", bearerFormat: "JWT" });
  registry.registerComponent("schemas", "Problem", problemSchema());
  const inOrder = [...routes].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  for (const route of inOrder) registry.registerPath(operation(route));
  const document = new OpenApiGeneratorV31(registry.definitions, { sortComponents: "alphabetically" }).generateDocument(
    {
      openapi: "3.1.0",
      info: {
        title: "Stipend",
        version: "0.1.0",
        license: { name: "Apache-2.0", identifier: "Apache-2.0" },
        description:
          "Credits and memberships as a service. Errors are RFC 9457 problem details with a stable `code`; lists are `{data, nextCursor}`, newest first.",
      },
      servers: [{ url: "/" }],
    },
  );
  cleanPatterns(document);
  return document;
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
  const body = route.body;
  const request: NonNullable<RouteConfig["request"]> = {};
  if (route.params !== undefined) request.params = route.params;
  else if (route.path.includes("/:")) request.params = anyParams(route.path);
  if (route.query !== undefined) request.query = route.query;
  if (route.idempotencyKey !== undefined) request.headers = idempotencyHeader(route.idempotencyKey === "required");
  if (body !== undefined) {
    const limit = route.bodyLimit ?? DEFAULT_BODY_LIMIT;
    request.body = {
      required: true,
      description: `At most ${limit} bytes.`,
      content: { "application/json": { schema: body } },
    };
  }
  return {
    method: route.method.toLowerCase() as RouteConfig["method"],
    path: route.path.replace(/:(\w+)/g, "{$1}"),
    operationId: route.id,
    summary: route.summary,
    ...(route.roles === "anyone" ? {} : { description: `Roles: ${route.roles.join(", ")}.` }),
    tags: [...(route.tags ?? [])],
    security: route.roles === "anyone" ? [] : [{ token: [] }],
    request,
    responses: { ...successes(route), ...problems(route) },
  };
}

function anyParams(path: string): z.ZodObject {
  const names = path.match(/(?<=:)\w+/g) ?? [];
  return z.object(Object.fromEntries(names.map((name) => [name, z.string()])));
}

function idempotencyHeader(required: boolean): z.ZodObject {
  const key = z
    .string()
    .regex(/^[\x20-\x7e]{1,255}$/)
    .meta({
      description: "Your own name for this operation: the same for every retry of it, another for every other.",
    });
  return z.object({ "Idempotency-Key": required ? key : key.optional() });
}

function successes(route: RouteContract): RouteConfig["responses"] {
  const entries = Object.entries(route.responses).map(([status, { description, schema, contentType }]) => {
    const type = contentType ?? "application/json";
    if (schema === undefined && contentType === undefined) return [status, { description }];
    return [status, { description, content: { [type]: schema === undefined ? {} : { schema } } }];
  });
  return Object.fromEntries(entries) as RouteConfig["responses"];
}

/** One answer a status, naming the codes it may carry. */
function problems(route: RouteContract): RouteConfig["responses"] {
  const codes = new Set([...route.errors, ...EVERYWHERE]);
  if (route.roles !== "anyone") for (const code of [...TOKEN_ERRORS, "role_required"]) codes.add(code);
  // Also where nothing is declared: what a contract does not name is refused.
  if (route.roles !== "anyone") codes.add("validation_failed");
  if (route.body !== undefined)
    for (const code of ["malformed_json", "body_too_large", "unsupported_media_type"]) codes.add(code);
  if (route.idempotencyKey !== undefined) codes.add("idempotency_key_invalid");
  if (route.idempotencyKey === "required") codes.add("idempotency_key_required");

  const byStatus = new Map<number, string[]>();
  for (const code of codes) {
    const spec = Object.hasOwn(publicProblems, code) ? publicProblems[code] : undefined;
    if (spec === undefined) continue;
    byStatus.set(spec.status, [...(byStatus.get(spec.status) ?? []), code]);
  }
  const answers: RouteConfig["responses"] = {};
  for (const [status, names] of [...byStatus].sort(([a], [b]) => a - b)) {
    answers[status] = {
      description: names.sort().join(", "),
      content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
    };
  }
  return answers;
}

function problemSchema() {
  return {
    type: "object" as const,
    required: ["type", "title", "status", "code", "detail", "action"],
    properties: {
      type: { type: "string" as const, description: "urn:stipend:problem:<code>" },
      title: { type: "string" as const },
      status: { type: "integer" as const },
      code: { type: "string" as const, enum: Object.keys(publicProblems).sort() },
      detail: { type: "string" as const },
      action: { type: "string" as const, description: "What to do about it." },
      requestId: { type: "string" as const },
    },
    additionalProperties: true,
  };
}
