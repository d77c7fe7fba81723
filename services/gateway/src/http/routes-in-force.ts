import type { Feature } from "../features/feature.ts";
import { RouteTable } from "../routing/route-table.ts";
import type { Route } from "./context.ts";

/** The table of routes; its metered features change with their file, all at once. */
export class RoutesInForce {
  readonly #fixed: readonly Route[];
  readonly #ofFeature: (feature: Feature) => Route;
  readonly #onChange: (routes: readonly Route[]) => void;
  #table: RouteTable<Route>;

  constructor(
    fixed: readonly Route[],
    ofFeature: (feature: Feature) => Route,
    onChange: (routes: readonly Route[]) => void,
  ) {
    this.#fixed = fixed;
    this.#ofFeature = ofFeature;
    this.#onChange = onChange;
    this.#table = tableOf(fixed);
  }

  get table(): RouteTable<Route> {
    return this.#table;
  }

  /** @throws Error when a feature's address is taken; the table stays as it was. */
  use(features: readonly Feature[]): void {
    const routes = [...this.#fixed, ...features.map(this.#ofFeature)];
    this.#table = tableOf(routes);
    this.#onChange(routes);
  }
}

function tableOf(routes: readonly Route[]): RouteTable<Route> {
  const table = new RouteTable<Route>();
  for (const route of routes) table.add(route.contract.method, route.contract.path, route);
  return table;
}
