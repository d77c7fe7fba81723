/** Temporary homes of test engines and systems: made with their owner's name, swept when the owner is gone. */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathsOf } from "@stipend/local/paths";
import { identify } from "@stipend/local/process/identity";
import { endOrphans } from "@stipend/local/process/orphans";
import { readPid, runningPids, writePid } from "@stipend/local/process/pidfile";

const PREFIX = "stipend-test-";
const OWNER = "owner";

/** Ends and removes what test runs left behind that were killed themselves. */
export async function sweepAbandonedHomes(): Promise<void> {
  const homes = readdirSync(tmpdir()).filter((name) => name.startsWith(PREFIX));
  for (const name of homes) {
    const home = join(tmpdir(), name);
    const owners = join(home, OWNER);
    if (readPid(owners, OWNER)) continue;
    await endOrphans(pathsOf(home).run);
    rmSync(home, { recursive: true, force: true });
  }
}

/** A new folder below the system's temporary folder, owned by this process; a kept one is never swept. */
export function newTempHome(fate: "swept" | "kept" = "swept"): string {
  // the owner is written into a draft whose name the sweep does not match, so it can't be swept half made
  const home = join(
    tmpdir(),
    `${fate === "swept" ? PREFIX : "stipend-kept-"}${process.pid}-${Date.now().toString(36)}${Math.random().toString(36).slice(2, 6)}`,
  );
  const draft = mkdtempSync(join(tmpdir(), "stipend-draft-"));
  const self = identify(process.pid);
  if (self) writePid(join(draft, OWNER), { ...self, name: OWNER });
  mkdirSync(join(draft, "logs"), { recursive: true });
  renameSync(draft, home);
  // a MySQL server that runs as another user walks through it
  chmodSync(home, 0o755);
  return home;
}

/** The last resort at the end of this process: nothing asynchronous may run any more. */
export function killAllNow(home: string, remove = true): void {
  for (const record of runningPids(pathsOf(home).run)) {
    try {
      process.kill(record.pid, "SIGKILL");
    } catch {
      // it ended by itself
    }
  }
  if (remove) rmSync(home, { recursive: true, force: true });
}
