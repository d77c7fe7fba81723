/**
 * Moves old months of the audit log into files and drops them from the table; run by whoever owns the schema, never by
 * the service. README.md says what it promises.
 */
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { ConfigError } from "@stipend/platform/config/config";
import { createLog } from "@stipend/platform/log/log";
import { Database } from "@stipend/platform/mysql/database";
import { FolderArchive } from "./anchors/archive-files.ts";
import { loadArchiveConfig } from "./config.ts";
import { isMonth, monthOf } from "./domain/months.ts";
import { SERVICE } from "./sql.ts";
import { ArchiveStore } from "./store/archive-store.ts";
import { type ArchiveCommand, ArchiveRefused, archiveMonth } from "./usecases/archive-months.ts";

const USAGE =
  "npm run archive -w services/admin-audit -- --before 2026-01 --to <folder> --by <who> --reason <why>\n" +
  "moves every month before the one named; STIPEND_MYSQL_OWNER_URL names the schema and its owner";

class UsageError extends Error {}

/** @throws UsageError. */
function commandOf(args: readonly string[], now: Date): ArchiveCommand & { readonly folder: string } {
  const text = { type: "string" } as const;
  const { values } = parseArgs({ args: [...args], options: { before: text, to: text, by: text, reason: text } });
  const { before = "", to = "", by = "", reason = "" } = values;
  if (!isMonth(before) || before > monthOf(now)) {
    throw new UsageError("--before needs a month such as 2026-01, at most the present one");
  }
  if (by.trim() === "" || reason.trim() === "") throw new UsageError("--by and --reason say who does it and why");
  const folder = resolve(to);
  if (to === "" || statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new UsageError("--to needs a folder that exists");
  }
  return { before, actor: by.trim(), reason: reason.trim(), folder };
}

async function archive(db: Database, command: ReturnType<typeof commandOf>): Promise<void> {
  const log = new ArchiveStore(db);
  const ports = { log, files: new FolderArchive(command.folder), now: () => new Date() };
  const ran = await log.alone(async () => {
    for (let done = await archiveMonth(ports, command); done !== null; done = await archiveMonth(ports, command)) {
      process.stdout.write(`${JSON.stringify(done)}\n`);
    }
    return true;
  });
  if (ran === null) throw new UsageError("another run is archiving this log");
}

try {
  const config = loadArchiveConfig(process.env);
  const command = commandOf(process.argv.slice(2), new Date());
  const log = createLog({ service: SERVICE, level: config.STIPEND_LOG_LEVEL });
  const db = new Database({ url: config.STIPEND_MYSQL_OWNER_URL, poolSize: 2, log });
  try {
    await archive(db, command);
  } finally {
    await db.stop();
  }
} catch (error) {
  process.exitCode = 1;
  const known = [ConfigError, UsageError, ArchiveRefused].some((kind) => error instanceof kind);
  process.stderr.write(`archive: ${error instanceof Error && known ? error.message : String(error)}\n`);
  if (error instanceof UsageError || error instanceof TypeError) process.stderr.write(`${USAGE}\n`);
}
