import { runMigrate } from "@stipend/platform/mysql/migrate-command";
import { sqlSources } from "./sources.ts";

await runMigrate("credits", sqlSources, process.env);
