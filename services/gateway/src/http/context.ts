import type { IncomingMessage, ServerResponse } from "node:http";
import type { RouteContract } from "@stipend/platform/http/contract";
import type { Principal } from "../auth/claims.ts";
import type { Caller } from "../forward/identity.ts";

/** One request that was let in. */
export interface RequestContext {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly contract: RouteContract;
  readonly params: Readonly<Record<string, string>>;
  /** Raw path as it came. */
  readonly pathname: string;
  /** "?a=b" or "". */
  readonly search: string;
  /** undefined on routes for anyone. */
  readonly principal: Principal | undefined;
  readonly caller: Caller;
}

export interface Route {
  readonly contract: RouteContract;
  /** Whether HEAD is answered as GET without a body. Not where a call costs or never ends. */
  readonly head: boolean;
  /** Requests a window that one caller may make here, if fewer than elsewhere. */
  readonly limit?: number | undefined;
  readonly run: (context: RequestContext) => Promise<void>;
}

/** @throws Error when a route that needs a caller is declared for anyone: a mistake in the contracts. */
export function requirePrincipal(context: RequestContext): Principal {
  if (context.principal === undefined) throw new Error(`${context.contract.id} needs a caller`);
  return context.principal;
}
