import type { RouteContract } from "@stipend/platform/http/contract";
import type { Express } from "express";

/** What Express keeps of a route; its types do not tell of the methods. */
interface Layer {
  readonly route?: { readonly path: string; readonly methods: Readonly<Record<string, boolean>> };
}

/**
 * How an app's router and the contracts of its service differ, in words; empty: not at all. Express itself is asked what
 * it routes, so a route that was mounted past the contracts is seen as well. The answers to other methods of a served
 * path (405) and the development clock's door are no routes of the service.
 */
export function routerDifferences(app: Express, contracts: readonly RouteContract[]): string[] {
  const layers = app.router.stack as unknown as readonly Layer[];
  const served = layers.flatMap(({ route }) => {
    // Only what answers every method answers TRACE.
    if (route === undefined || route.methods["trace"] === true || route.path.startsWith("/internal/dev/")) return [];
    return Object.keys(route.methods).map((method) => `${method.toUpperCase()} ${route.path}`);
  });
  const documented = contracts.map(({ method, path }) => `${method} ${path}`);
  return [
    ...served.filter((route) => !documented.includes(route)).map((route) => `${route} is served but not documented`),
    ...documented.filter((route) => !served.includes(route)).map((route) => `${route} is documented but not served`),
  ];
}
