import { validationProblem } from "@stipend/platform/http/problem";
import { z } from "zod";
import type { Route } from "./context.ts";

const Nothing = z.strictObject({});

/** The same route, refusing a query: what a contract does not name is refused, here as at the services. */
export function withoutQuery(route: Route): Route {
  return {
    ...route,
    run: async (context) => {
      const given = Nothing.safeParse(Object.fromEntries(new URLSearchParams(context.search)));
      if (!given.success) throw validationProblem("query", given.error);
      await route.run(context);
    },
  };
}
