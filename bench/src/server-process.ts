import { readFile } from "node:fs/promises";
import type { Database } from "@stipend/platform/mysql/database";

/** The process of a MySQL on this machine; undefined when it is elsewhere, or in a root of its own, and not given. */
export async function serverProcess(db: Database, given: string | undefined): Promise<number | undefined> {
  if (given !== undefined) return Number(given);
  const [row] = await db.query<{ file: string }>("SELECT @@pid_file AS file");
  const pid = row === undefined ? "" : await readFile(row.file, "utf8").catch(() => "");
  return pid === "" ? undefined : Number(pid);
}
