import type { RouteContract } from "@stipend/platform/http/contract";
import * as audit from "./audit.ts";
import * as checks from "./checks.ts";
import * as account from "./credits/account.ts";
import * as admin from "./credits/admin.ts";
import * as approvals from "./credits/approvals.ts";
import * as batch from "./credits/batch.ts";
import * as holds from "./credits/holds.ts";
import * as openings from "./credits/openings.ts";
import * as packages from "./credits/packages.ts";
import * as refund from "./credits/refund.ts";
import * as spend from "./credits/spend.ts";
import * as transactions from "./credits/transactions.ts";
import * as usage from "./credits/usage.ts";
import * as gateway from "./gateway.ts";
import * as membership from "./membership.ts";
import * as monitor from "./monitor.ts";
import * as revocations from "./revocations.ts";
import * as signIn from "./sign-in.ts";
import * as staffEvents from "./staff-events.ts";

/** The contracts of the ledger, a file a subject. */
const LEDGER = [
  account,
  admin,
  approvals,
  batch,
  holds,
  openings,
  packages,
  refund,
  spend,
  transactions,
  usage,
] as const;

/** Who answers a route. */
export type RouteOwner = "gateway" | "credits" | "membership" | "admin-audit" | "monitor";

export interface CataloguedRoute {
  readonly owner: RouteOwner;
  readonly contract: RouteContract;
}

/**
 * Every public route of every service: what the gateway lets through and what the OpenAPI document shows. A contract
 * belongs to the service whose file it stands in. Contracts outside /api/ (internal ones) are not public.
 *
 * @throws Error when two contracts share an id.
 */
export function publicRoutes(): readonly CataloguedRoute[] {
  return catalogue().filter(({ contract }) => contract.path.startsWith("/api/"));
}

/** What the services answer to each other, never to the outside. Beside these each has the development clock's door. */
export function internalRoutes(): readonly CataloguedRoute[] {
  return catalogue().filter(({ contract }) => contract.path.startsWith("/internal/"));
}

/** Everything that one service answers, health and the development clock's door aside. */
export function routesOf(owner: RouteOwner): readonly RouteContract[] {
  return catalogue()
    .filter((route) => route.owner === owner)
    .map(({ contract }) => contract);
}

function catalogue(): readonly CataloguedRoute[] {
  const routes = [
    ...LEDGER.flatMap((subject) => contractsOf("credits", subject)),
    ...contractsOf("credits", {
      creditsCheck: checks.creditsCheck,
      creditsOutbox: checks.creditsOutbox,
      repairPlans: checks.repairPlans,
      booksRepair: checks.booksRepair,
    }),
    ...contractsOf("membership", {
      ...membership,
      membershipCheck: checks.membershipCheck,
      membershipOutbox: checks.membershipOutbox,
      viewRepair: checks.viewRepair,
    }),
    ...contractsOf("membership", revocations),
    ...contractsOf("admin-audit", { ...audit, auditOutbox: checks.auditOutbox }),
    ...contractsOf("monitor", monitor),
    ...contractsOf("gateway", gateway),
    ...contractsOf("gateway", signIn),
    ...contractsOf("gateway", staffEvents),
  ];
  const seen = new Set<string>();
  for (const { contract } of routes) {
    if (seen.has(contract.id)) throw new Error(`two contracts are called ${contract.id}`);
    seen.add(contract.id);
  }
  return routes;
}

/** Contracts among a module's exports, or one level inside an exported object or list. */
function contractsOf(owner: RouteOwner, module: object): CataloguedRoute[] {
  const found = new Set<RouteContract>();
  for (const value of Object.values(module) as unknown[]) {
    if (isContract(value)) found.add(value);
    else if (isPlain(value))
      for (const inner of Object.values(value) as unknown[]) if (isContract(inner)) found.add(inner);
  }
  return [...found].map((contract) => ({ owner, contract }));
}

function isContract(value: unknown): value is RouteContract {
  if (typeof value !== "object" || value === null) return false;
  const { id, method, path, roles, responses } = value as Record<string, unknown>;
  const allowed = roles === "anyone" || Array.isArray(roles);
  return (
    typeof id === "string" && typeof method === "string" && typeof path === "string" && allowed && isPlain(responses)
  );
}

function isPlain(value: unknown): value is object {
  if (Array.isArray(value)) return true;
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
