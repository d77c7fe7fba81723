import { fileURLToPath } from "node:url";
import type { SqlSource } from "@stipend/platform/mysql/sources";

export const SERVICE = "membership";

/** This service's schema: migrations, procedures, views, triggers. */
export const sqlSources: readonly SqlSource[] = [
  { name: SERVICE, dir: fileURLToPath(new URL("../sql", import.meta.url)) },
];

export const MIGRATE_COMMAND = "npm run migrate -w services/membership";
