import { type ZodObject, type ZodType, z } from "zod";

/** Who may call a route. `service` names the user it acts for; `user` acts only on itself. */
export type Role = "user" | "support" | "admin" | "auditor" | "service";

export interface RouteResponse {
  readonly description: string;
  readonly schema?: ZodType;
  /** Default: application/json. */
  readonly contentType?: string;
}

/**
 * One HTTP route, declared once: the service validates with it, the gateway routes and checks roles with it,
 * and the OpenAPI document is made from it.
 */
export interface RouteContract {
  /** Unique over all services, e.g. "credits.consume"; the OpenAPI operationId. */
  readonly id: string;
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Express pattern, e.g. "/api/credits/holds/:holdId/capture". */
  readonly path: string;
  readonly roles: readonly Role[] | "anyone";
  readonly summary: string;
  readonly tags?: readonly string[];
  readonly params?: ZodObject;
  readonly query?: ZodObject;
  readonly body?: ZodObject;
  /** What the document shows instead of body, where parts of a body are validated one by one later. */
  readonly documentedBody?: ZodObject;
  /** Bytes; default 16,384. */
  readonly bodyLimit?: number;
  readonly idempotencyKey?: "required" | "optional";
  /** Takes If-Match with the version that was read. */
  readonly ifMatch?: true;
  readonly responses: Readonly<Record<number, RouteResponse>>;
  /** Codes of the problems this route may answer besides those every route may. */
  readonly errors: readonly string[];
}

export function defineRoute<const C extends RouteContract>(contract: C): C {
  return contract;
}

/** How one error code is answered. The status of a code stands in such a table and nowhere else. */
export interface ProblemSpec {
  readonly status: number;
  /** A short name of the kind of problem, the same every time. */
  readonly title: string;
  /** What the caller can do about it. */
  readonly action: string;
}

export type ProblemTable = Readonly<Record<string, ProblemSpec>>;

export function defineProblems<const T extends ProblemTable>(table: T): T {
  return table;
}

/** Bytes a request body may have where its contract names no other limit. */
export const DEFAULT_BODY_LIMIT = 16_384;

/** Most entries a page of a list may have. */
export const MAX_PAGE_SIZE = 100;

/** The query of every list, to be spread into its schema: `z.strictObject({ ...pageQuery, type: … })`. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(MAX_PAGE_SIZE).default(50),
  /** nextCursor of the page before; opaque. */
  cursor: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,1000}$/)
    .optional(),
};
