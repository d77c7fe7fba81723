import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { isRunning, type ProcessIdentity } from "./identity.ts";

export interface PidRecord extends ProcessIdentity {
  name: string;
}

const fileOf = (runDir: string, name: string): string => join(runDir, `${name}.json`);

/** Remembers a process by name; a half-written file can't be seen. */
export function writePid(runDir: string, record: PidRecord): void {
  mkdirSync(runDir, { recursive: true });
  const file = fileOf(runDir, record.name);
  writeFileSync(`${file}.new`, JSON.stringify(record));
  renameSync(`${file}.new`, file);
}

export function removePid(runDir: string, name: string): void {
  rmSync(fileOf(runDir, name), { force: true });
}

function parseRecord(file: string): PidRecord | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (typeof value !== "object" || value === null) return undefined;
    const { pid, started } = value as Partial<PidRecord>;
    if (typeof pid !== "number" || typeof started !== "string") return undefined;
    return { pid, started, name: basename(file, ".json") };
  } catch {
    return undefined;
  }
}

/** The remembered process of that name if it still runs; a record of another process with a recycled pid is none. */
export function readPid(runDir: string, name: string): PidRecord | undefined {
  const record = parseRecord(fileOf(runDir, name));
  return record && isRunning(record) ? record : undefined;
}

/** Every remembered process that still runs. */
export function runningPids(runDir: string): PidRecord[] {
  let files: string[];
  try {
    files = readdirSync(runDir);
  } catch {
    return [];
  }
  return files
    .filter((file) => file.endsWith(".json"))
    .map((file) => readPid(runDir, basename(file, ".json")))
    .filter((record) => record !== undefined);
}
