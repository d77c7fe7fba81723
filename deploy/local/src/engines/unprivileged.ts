import { execFileSync } from "node:child_process";
import { chownSync, lstatSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

export interface SystemUser {
  name: string;
  uid: number;
  gid: number;
}

function lookUp(name: string): SystemUser | undefined {
  try {
    const [uid, gid] = ["-u", "-g"].map((flag) =>
      Number(execFileSync("id", [flag, name], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })),
    );
    return uid === undefined || gid === undefined ? undefined : { name, uid, gid };
  } catch {
    return undefined;
  }
}

/** True when everybody may walk down to this folder. */
function isReachableByAll(folder: string): boolean {
  for (let dir = folder; ; dir = dirname(dir)) {
    if ((statSync(dir).mode & 0o001) === 0) return false;
    if (dirname(dir) === dir) return true;
  }
}

function chownTree(path: string, user: SystemUser): void {
  if (lstatSync(path).uid !== user.uid) chownSync(path, user.uid, user.gid);
  if (!lstatSync(path).isDirectory()) return;
  for (const entry of readdirSync(path)) chownTree(join(path, entry), user);
}

/**
 * The user that a MySQL server should run as: it refuses to be root. Undefined when the launcher is no root itself.
 * When the folder can't be reached by others (below a private home), root has to do, said to the server explicitly.
 */
export function serverUser(parent: string): SystemUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const user = isReachableByAll(parent) ? (lookUp("mysql") ?? lookUp("nobody")) : undefined;
  return user ?? { name: "root", uid: 0, gid: 0 };
}

/** Gives a folder and all below to that user. */
export function giveTo(folder: string, user: SystemUser | undefined): void {
  if (user) chownTree(folder, user);
}
