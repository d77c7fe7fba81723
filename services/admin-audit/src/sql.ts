import { fileURLToPath } from "node:url";
import type { SqlSource } from "@stipend/platform/mysql/sources";

/** This service's schema: migrations, procedures, views, triggers. */
export const sqlSources: readonly SqlSource[] = [
  { name: "admin-audit", dir: fileURLToPath(new URL("../sql", import.meta.url)) },
];

export const SERVICE = "admin-audit";
export const MIGRATE_COMMAND = "npm run migrate -w services/admin-audit";
