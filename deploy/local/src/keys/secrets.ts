/** Passwords of a local system's MySQL users: made once, kept beside the data they belong to, never logged. */
import { randomBytes } from "node:crypto";
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Writes a file unless it exists; whoever is first wins, and nobody ever reads half a file. */
export function writeOnce(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  // only this folder: a MySQL server that runs as another user walks through the home above
  chmodSync(dirname(file), 0o700);
  const draft = `${file}.${process.pid}.${randomBytes(4).toString("hex")}`;
  writeFileSync(draft, text, { mode: 0o600 });
  try {
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** The password of one name, made on first use. */
export function passwordOf(keysDir: string, name: string): string {
  const file = join(keysDir, "passwords", name);
  try {
    return readFileSync(file, "utf8");
  } catch {
    // the character classes satisfy MySQL's password policy, should a component enforce one
    writeOnce(file, `Aa1-${randomBytes(18).toString("base64url")}`);
    return readFileSync(file, "utf8");
  }
}
