import type { ZodObject, ZodType } from "zod";

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
  /** Bytes; default 16,384. */
  readonly bodyLimit?: number;
  readonly idempotencyKey?: "required" | "optional";
  readonly responses: Readonly<Record<number, RouteResponse>>;
  /** Codes of the problems this route may answer besides those every route may. */
  readonly errors: readonly string[];
}

export function defineRoute<const C extends RouteContract>(contract: C): C {
  return contract;
}
