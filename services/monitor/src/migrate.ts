import { runMigrate } from "@stipend/platform/mysql/migrate-command";
import { SERVICE, sqlSources } from "./sql.ts";

await runMigrate(SERVICE, sqlSources, process.env);
