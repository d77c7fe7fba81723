/** Finds the programs that the native engines need. Nothing here installs anything. */
import { accessSync, constants, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { delimiter, join } from "node:path";
import { run } from "./exec.ts";

/** Server programs often stand outside a user's PATH. */
const MORE_FOLDERS = [
  "/usr/sbin",
  "/usr/local/sbin",
  "/sbin",
  "/usr/libexec",
  "/usr/local/bin",
  "/opt/homebrew/bin",
  "/opt/homebrew/sbin",
];
export const OLDEST_JAVA = 17;

function executable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Absolute path of a program, or undefined. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? "").split(delimiter).filter((f) => f !== ""), ...MORE_FOLDERS];
  return folders.map((folder) => join(folder, name)).find(executable);
}

export type MysqlFlavour = "mariadb" | "mysql";
export interface MysqlServer {
  flavour: MysqlFlavour;
  server: string;
  /** mariadb only: the script that creates the system tables */
  installDb?: string;
  /** "10.11.19" */
  version: string;
}

async function versionOf(program: string): Promise<{ text: string; version: string }> {
  const text = (await run(program, ["--version"], { timeoutMs: 20_000 })).lines.join(" ");
  return { text, version: /Ver (\d+\.\d+\.\d+)/.exec(text)?.[1] ?? "unknown" };
}

async function findMariadb(): Promise<MysqlServer | undefined> {
  const server = findProgram("mariadbd");
  const installDb = findProgram("mariadb-install-db");
  // the install script calls this one, and Debian ships it in another package
  if (!server || !installDb || !findProgram("my_print_defaults")) return undefined;
  return { flavour: "mariadb", server, installDb, version: (await versionOf(server)).version };
}

async function findMysqld(): Promise<MysqlServer | undefined> {
  const server = findProgram("mysqld");
  if (!server) return undefined;
  const { text, version } = await versionOf(server);
  // on Debian mysqld may be another name of mariadbd
  return /mariadb/i.test(text) ? undefined : { flavour: "mysql", server, version };
}

/** MariaDB when it is whole, else MySQL, else undefined. */
export async function findMysqlServer(): Promise<MysqlServer | undefined> {
  return (await findMariadb()) ?? (await findMysqld());
}

export interface RedisServer {
  server: string;
  label: string;
}

/**
 * Redis or Valkey. Debian's redis-tools holds the server's very program under the name redis-check-rdb (it acts by the
 * name it is called with), without the package redis-server that would start a system service: so a link is enough.
 */
export async function findRedisServer(cache: string): Promise<RedisServer | undefined> {
  for (const name of ["redis-server", "valkey-server"]) {
    const server = findProgram(name) ?? (await linkedServer(name, cache));
    if (server) return { server, label: name === "redis-server" ? "Redis" : "Valkey" };
  }
  return undefined;
}

async function linkedServer(name: string, cache: string): Promise<string | undefined> {
  const same = findProgram(name.replace("-server", "-check-rdb"));
  if (!same) return undefined;
  const link = join(cache, "bin", name);
  mkdirSync(join(cache, "bin"), { recursive: true });
  if (!existsSync(link)) {
    rmSync(link, { force: true });
    symlinkSync(same, link);
  }
  const answer = await run(link, ["--version"], { timeoutMs: 10_000 });
  return answer.code === 0 && /server v=/.test(answer.lines.join(" ")) ? link : undefined;
}

export interface Java {
  java: string;
  major: number;
}

async function javaAt(java: string): Promise<Java | undefined> {
  const text = (await run(java, ["-version"], { timeoutMs: 20_000 })).lines.join(" ");
  const found = /version "(?:1\.)?(\d+)/.exec(text)?.[1];
  return found === undefined ? undefined : { java, major: Number(found) };
}

function javaCandidates(): string[] {
  const home = process.env.JAVA_HOME;
  const onPath = findProgram("java");
  const installed = existsSync("/usr/lib/jvm")
    ? readdirSync("/usr/lib/jvm").map((dir) => join("/usr/lib/jvm", dir, "bin", "java"))
    : [];
  return [...(home ? [join(home, "bin", "java")] : []), ...(onPath ? [onPath] : []), ...installed].filter(executable);
}

/** The first Java that is new enough; `tooOld` tells the best that was found otherwise. */
export async function findJava(): Promise<{ java?: Java; tooOld?: Java }> {
  let tooOld: Java | undefined;
  for (const candidate of new Set(javaCandidates())) {
    const java = await javaAt(candidate);
    if (java && java.major >= OLDEST_JAVA) return { java };
    tooOld ??= java;
  }
  return tooOld ? { tooOld } : {};
}
