import { fileURLToPath } from "node:url";
import type { SqlSource } from "@stipend/platform/mysql/sources";

/** The service's SQL; the platform's own is always applied first. */
export const sqlSources: readonly SqlSource[] = [
  { name: "credits", dir: fileURLToPath(new URL("../sql", import.meta.url)) },
];
