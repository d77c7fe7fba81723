import type { IRouter } from "express";
import type { RouteContract } from "./contract.ts";
import { Problem } from "./problem.ts";

const served = new WeakMap<IRouter, RouteContract[]>();

export function noteRoute(router: IRouter, contract: RouteContract): void {
  const contracts = served.get(router) ?? [];
  const same = contracts.find((c) => c.method === contract.method && c.path === contract.path);
  if (same !== undefined) throw new Error(`${contract.method} ${contract.path} is served twice`);
  served.set(router, [...contracts, contract]);
}

/** The contracts served on this router, for tests that walk every route. */
export function servedRoutes(router: IRouter): readonly RouteContract[] {
  return served.get(router) ?? [];
}

/** Answers every other method of the served paths with 405 and Allow. Comes after all routes. */
export function refuseOtherMethods(router: IRouter): void {
  const methods = new Map<string, Set<string>>();
  for (const { method, path } of servedRoutes(router)) {
    const known = methods.get(path) ?? new Set<string>();
    known.add(method);
    if (method === "GET") known.add("HEAD");
    methods.set(path, known);
  }
  for (const [path, known] of methods) {
    const allow = [...known].sort().join(", ");
    router.all(path, (req, res, next) => {
      res.setHeader("Allow", allow);
      next(new Problem("method_not_allowed", { message: `${req.method} is not taken here; use ${allow}` }));
    });
  }
}
