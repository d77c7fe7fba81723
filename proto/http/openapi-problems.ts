import type { RouteConfig } from "@asteasolutions/zod-to-openapi";
import type { ProblemTable, RouteContract } from "@stipend/platform/http/contract";
import { platformProblems } from "@stipend/platform/http/problems";
import { z } from "zod";
import { gatewayProblems } from "./gateway-problems.ts";
import { detailsName, problemDetails } from "./problem-details.ts";
import { domainProblems } from "./problems.ts";

/** Every code that a caller of the public door can meet. */
export const publicProblems: ProblemTable = { ...platformProblems, ...domainProblems, ...gatewayProblems };

/** What any route with a token may answer, whatever its contract says. */
const TOKEN_ERRORS = Object.keys(gatewayProblems).filter((code) => code.startsWith("token_"));
/** Also where nothing is declared: what a contract does not name is refused. */
const GUARDED = [
  ...TOKEN_ERRORS,
  "revocations_unknown",
  "identity_provider_unavailable",
  "role_required",
  "validation_failed",
];
/** What is answered before it is known which route is asked for. */
const AT_ANY_ADDRESS = ["malformed_request", "not_found", "method_not_allowed", "request_timeout", "headers_too_large"];
const AT_THE_DOOR = ["malformed_request", "rate_limited", "overloaded", "internal_error"];
const BEHIND_THE_DOOR = [
  "upstream_unavailable",
  "upstream_failed",
  "upstream_timeout",
  "database_unavailable",
  "database_busy",
];
const BETWEEN_SERVICES = [
  "internal_token_required",
  "role_required",
  "validation_failed",
  "malformed_request",
  "overloaded",
  "database_unavailable",
  "database_busy",
  "internal_error",
];

/** "credits.consume names code_x" for every error code of a contract that stands in no table of problems. */
export function unknownErrorCodes(routes: readonly RouteContract[]): string[] {
  return routes.flatMap((route) =>
    route.errors.filter((code) => !Object.hasOwn(publicProblems, code)).map((code) => `${route.id} names ${code}`),
  );
}

/** Every code that this route may answer. */
function codesOf(route: RouteContract): ReadonlySet<string> {
  const codes = new Set(route.errors);
  const add = (more: readonly string[]): void => {
    for (const code of more) codes.add(code);
  };
  if (route.path.startsWith("/internal/")) add(BETWEEN_SERVICES);
  else if (route.path.startsWith("/api/")) add(AT_THE_DOOR);
  if (route.path.startsWith("/api/") && route.roles !== "anyone") add([...GUARDED, ...BEHIND_THE_DOOR]);
  if (route.body !== undefined) add(["malformed_json", "body_too_large", "unsupported_media_type", "outcome_unknown"]);
  if (route.idempotencyKey !== undefined) add(["idempotency_key_invalid"]);
  if (route.idempotencyKey === "required") add(["idempotency_key_required"]);
  return codes;
}

/** Answers that many routes share word for word, by their codes. */
const SHARED: Readonly<Record<string, readonly string[]>> = {
  TokenRefused: TOKEN_ERRORS,
  InternalTokenRequired: ["internal_token_required"],
  RoleRequired: ["role_required"],
  BodyTooLarge: ["body_too_large"],
  UnsupportedMediaType: ["unsupported_media_type"],
  RateLimited: ["rate_limited"],
  InternalError: ["internal_error"],
  UpstreamFailed: ["upstream_failed"],
  UpstreamTimeout: ["upstream_timeout"],
};

/** What each code that these routes may answer means, and what to do about it: for people, so for the page. */
export function problemMeanings(routes: readonly RouteContract[]): ProblemTable {
  const codes = new Set([...AT_ANY_ADDRESS, ...routes.flatMap((route) => [...codesOf(route)])]);
  return Object.fromEntries(Object.entries(publicProblems).filter(([code]) => codes.has(code)));
}

function answerWith(status: number, codes: readonly string[]) {
  return {
    description: codes.join(", "),
    ...(RETRY_AFTER.has(status) ? { headers: { "Retry-After": RETRY_AFTER_HEADER } } : {}),
    content: { "application/problem+json": { schema: problemWith(codes) } },
  };
}

/** The components that problemAnswers refers to. */
export function sharedAnswers(): readonly (readonly [name: string, answer: ReturnType<typeof answerWith>])[] {
  return Object.entries(SHARED).map(([name, codes]) => {
    const status = publicProblems[codes[0] ?? ""]?.status ?? 500;
    return [name, answerWith(status, [...codes].sort())] as const;
  });
}

/** One answer a status, naming the codes it may carry. */
export function problemAnswers(route: RouteContract): RouteConfig["responses"] {
  const byStatus = new Map<number, string[]>();
  for (const code of codesOf(route)) {
    const spec = Object.hasOwn(publicProblems, code) ? publicProblems[code] : undefined;
    if (spec === undefined) continue;
    byStatus.set(spec.status, [...(byStatus.get(spec.status) ?? []), code]);
  }
  const answers: RouteConfig["responses"] = {};
  for (const [status, codes] of [...byStatus].sort(([a], [b]) => a - b)) {
    codes.sort();
    const shared = Object.entries(SHARED).find(([, own]) => [...own].sort().join() === codes.join());
    answers[status] =
      shared === undefined ? answerWith(status, codes) : { $ref: `#/components/responses/${shared[0]}` };
  }
  return answers;
}

const RETRY_AFTER = new Set([429, 503]);
const RETRY_AFTER_HEADER = { description: "Whole seconds.", schema: { type: "integer" as const, minimum: 1 } };

/** The members that single codes promise, as components. */
export function detailsSchemas(): readonly (readonly [name: string, schema: Record<string, unknown>])[] {
  return Object.entries(problemDetails).flatMap(([code, details]) => {
    const name = detailsName(code);
    // Read by clients: members that a newer server adds are no mistake.
    const { $schema: _, ...schema } = z.toJSONSchema(details, { io: "input" });
    return name === undefined ? [] : [[name, schema] as const];
  });
}

const PROBLEM = { $ref: "#/components/schemas/Problem" };

/** A problem, with the members that its code promises. */
function problemWith(codes: readonly string[]) {
  const shapes = codes.flatMap((code) => {
    const name = detailsName(code);
    if (name === undefined) return [];
    const details = { $ref: `#/components/schemas/${name}` };
    return [{ allOf: [PROBLEM, { type: "object" as const, properties: { code: { const: code } } }, details] }];
  });
  const [only] = shapes;
  if (only === undefined) return PROBLEM;
  if (codes.length === 1) return only;
  return { anyOf: shapes.length === codes.length ? shapes : [...shapes, PROBLEM] };
}

export function problemSchema() {
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
