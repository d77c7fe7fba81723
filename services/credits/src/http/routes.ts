import type { IRouter } from "express";
import { accountRoutes } from "./account-routes.ts";
import { adminRoutes } from "./admin-routes.ts";
import { approvalRoutes } from "./approval-routes.ts";
import { batchRoute } from "./batch-route.ts";
import type { RouteDeps } from "./deps.ts";
import { exportRoute } from "./export-route.ts";
import { internalRoutes } from "./internal-routes.ts";
import { openingRoute } from "./opening-route.ts";
import { packageRoutes } from "./package-routes.ts";
import { repairRoutes } from "./repair-routes.ts";
import { spendRoutes } from "./spend-routes.ts";

/** Every route of the service, behind the internal token. */
export function creditsRoutes(router: IRouter, deps: RouteDeps): void {
  accountRoutes(router, deps);
  exportRoute(router, deps);
  spendRoutes(router, deps);
  batchRoute(router, deps);
  packageRoutes(router, deps);
  adminRoutes(router, deps);
  openingRoute(router, deps);
  approvalRoutes(router, deps);
  internalRoutes(router, deps);
  repairRoutes(router, deps);
}
