import type { IncomingMessage, ServerResponse } from "node:http";
import { trace } from "@opentelemetry/api";
import { hasAnyRole } from "@stipend/platform/auth/actor";
import type { RouteContract } from "@stipend/platform/http/contract";
import { ReportQuota } from "@stipend/platform/kafka/report-quota";
import type { Log } from "@stipend/platform/log/log";
import type { Principal } from "../auth/claims.ts";
import type { Revocations } from "../auth/revocations.ts";
import type { TokenVerifier } from "../auth/token-verifier.ts";
import { type Caller, callerOf } from "../forward/identity.ts";
import type { Limits } from "../limits/limits.ts";
import type { FairShare } from "../limits/share.ts";
import { splitTarget } from "../routing/path.ts";
import type { RouteTable } from "../routing/route-table.ts";
import type { RefusalLog } from "../security/refusal-log.ts";
import { isPrivileged } from "../security/staff-log.ts";
import { answerProblem } from "./answer-problem.ts";
import type { Route } from "./context.ts";
import { DoorMetrics } from "./door-metrics.ts";
import { Refusal } from "./refusal.ts";

export interface DoorParts {
  /** The table in force; it changes with the features file. */
  readonly routes: () => RouteTable<Route>;
  readonly verifier: TokenVerifier;
  readonly revocations: Pick<Revocations, "check">;
  /** undefined: no limits (STIPEND_LIMITS=off). */
  readonly limits: Limits | undefined;
  /** Streams have bounds of their own. undefined: no bound. */
  readonly share?: FairShare | undefined;
  readonly isStream?: (req: IncomingMessage) => boolean;
  readonly refusals: Pick<RefusalLog, "record">;
  /** Called for every caller that was let in; must be cheap. */
  readonly onCaller: (principal: Principal) => void;
  readonly log: Log;
}

/**
 * Every request comes through here, in this order: known path (404), known method (405), token (401), limits (429),
 * role (403), then the route. What no contract declares does not exist.
 */
export class Door {
  readonly #parts: DoorParts;
  readonly #metrics = new DoorMetrics();
  /** By address, in a minute. A token that has run out is no attack; many bad ones from one address may be. */
  readonly #badTokens = new ReportQuota({ tolerated: 10, quota: 30, windowMs: 60_000, maxKeys: 10_000 });
  readonly #knocks = new ReportQuota({ quota: 30, windowMs: 60_000, maxKeys: 10_000 });

  constructor(parts: DoorParts) {
    this.#parts = parts;
  }

  /**
   * Never rejects: whatever goes wrong becomes a problem+json.
   *
   * @param ip the client's address, whoever stands between.
   */
  async handle(req: IncomingMessage, res: ServerResponse, requestId: string, ip: string): Promise<void> {
    try {
      await this.#serve(req, res, requestId, ip);
    } catch (error) {
      answerProblem(res, error, requestId, this.#parts.log);
    }
  }

  async #serve(req: IncomingMessage, res: ServerResponse, requestId: string, ip: string): Promise<void> {
    // The server, the metrics, the forwarder, the stream and tracing each listen for the end of one answer.
    res.setMaxListeners(32);
    const method = req.method ?? "GET";
    const { pathname, search } = splitTarget(req.url ?? "/");
    const { route, params } = this.#find(method, pathname);
    const { contract } = route;
    this.#measure(method, res, contract);
    nameSpan(method, contract.path);
    const caller = callerOf(req, ip, requestId);
    const principal = contract.roles === "anyone" ? undefined : await this.#identify(req, contract, caller);
    await this.#limit(method, res, route, caller, principal);
    if (principal !== undefined) {
      if (this.#parts.isStream?.(req) !== true) this.#parts.share?.take(principal, res);
      await this.#authorise(method, contract, principal, caller);
      this.#parts.onCaller(principal);
    }
    await route.run({ req, res, contract, params, pathname, search, principal, caller });
  }

  #measure(method: string, res: ServerResponse, contract: RouteContract): void {
    const began = performance.now();
    res.once("close", () => {
      // 499: the client left before there was an answer.
      const status = res.headersSent ? res.statusCode : 499;
      this.#metrics.answered(contract.path, method, status, (performance.now() - began) / 1_000);
    });
  }

  #find(method: string, pathname: string) {
    const match = this.#parts.routes().match(method, pathname);
    if (match.kind === "unknown_path") throw new Refusal("not_found");
    if (match.kind === "wrong_method") throw methodNotAllowed(match.allow);
    if (method === "HEAD" && !match.route.head) throw methodNotAllowed([match.route.contract.method]);
    return match;
  }

  async #identify(req: IncomingMessage, contract: RouteContract, caller: Caller): Promise<Principal> {
    try {
      const principal = await this.#parts.verifier.verify(req.headers.authorization);
      // Judged at every request: a token that was verified before may have been revoked since.
      this.#parts.revocations.check(principal);
      return principal;
    } catch (error) {
      if (error instanceof Refusal) await this.#badToken(error.code, req, contract, caller);
      throw error;
    }
  }

  async #badToken(code: string, req: IncomingMessage, contract: RouteContract, caller: Caller): Promise<void> {
    if (!code.startsWith("token_")) return;
    await this.#parts.limits?.takeBadToken(caller.ip);
    const method = req.method ?? "GET";
    const refused = { code, subject: "", roles: [], method, route: contract.path, caller };
    if (isPrivileged(contract)) {
      if (this.#knocks.take(caller.ip)) await this.#parts.refusals.record(refused);
      return;
    }
    // A page that is opened without a token is no event, however often.
    if (code !== "token_missing" && this.#badTokens.take(caller.ip)) void this.#parts.refusals.record(refused);
  }

  async #limit(
    method: string,
    res: ServerResponse,
    { contract, limit }: Route,
    caller: Caller,
    principal: Principal | undefined,
  ): Promise<void> {
    const { limits } = this.#parts;
    if (limits === undefined) return;
    const isRead = method === "GET" || method === "HEAD";
    const limited = limit === undefined ? undefined : { id: contract.id, quota: limit };
    const headers = await limits.take(caller.ip, principal, isRead, limited);
    for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
  }

  async #authorise(method: string, contract: RouteContract, principal: Principal, caller: Caller): Promise<void> {
    const { roles } = contract;
    if (roles === "anyone" || hasAnyRole(principal, roles)) return;
    const code = "role_required";
    if (isPrivileged(contract)) {
      const { sub: subject, roles: has } = principal;
      await this.#parts.refusals.record({
        code,
        subject,
        roles: has,
        method,
        route: contract.path,
        caller,
      });
    }
    throw new Refusal(code, {
      message: `This call needs one of the roles: ${roles.join(", ")}`,
      details: { roles },
      headers: { "www-authenticate": 'Bearer realm="stipend", error="insufficient_scope"' },
    });
  }
}

/** The tracing of HTTP knows no routes, so the request's span is named here. */
function nameSpan(method: string, route: string): void {
  const span = trace.getActiveSpan();
  span?.updateName(`${method} ${route}`);
  span?.setAttribute("http.route", route);
}

function methodNotAllowed(allow: readonly string[]): Refusal {
  return new Refusal("method_not_allowed", { headers: { allow: allow.join(", ") } });
}
