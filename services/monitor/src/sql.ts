import { fileURLToPath } from "node:url";
import type { SqlSource } from "@stipend/platform/mysql/sources";

/** This service's schema: migrations, procedures, views. */
export const sqlSources: readonly SqlSource[] = [
  { name: "monitor", dir: fileURLToPath(new URL("../sql", import.meta.url)) },
];

export const SERVICE = "monitor";
export const MIGRATE_COMMAND = "npm run migrate -w services/monitor";
