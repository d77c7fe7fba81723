import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";
import { LauncherError } from "../errors.ts";

export interface WantedPort {
  port: number;
  /** the part that listens on it */
  unit: string;
  /** who wants it, for people */
  label: string;
  /** the variable that chooses another */
  variable: string;
}

const TIME_WAIT_STATE = "06";

/** Resolves with undefined when this port of the loopback can be listened on, else with the error's code. */
export function tryPort(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "unknown"));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

const FIRST_FREE = 12_000;
const LAST_FREE = 32_000;
const FREE_TRIES = 200;

/**
 * A port that was free a moment ago. Not one that the system hands out (port 0): those lie in the range from which
 * outgoing connections get theirs, so that a connection may take it before the server comes up.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < FREE_TRIES; attempt += 1) {
    const port = FIRST_FREE + Math.floor(Math.random() * (LAST_FREE - FIRST_FREE));
    if ((await tryPort(port)) === undefined) return port;
  }
  throw new Error(`no free port between ${FIRST_FREE} and ${LAST_FREE} was found`);
}

/** Sockets of this machine that have this local port: listening ones, and outgoing connections that were given it. */
function inodesOf(port: number): Set<string> {
  const inodes = new Set<string>();
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    let text: string;
    try {
      text = readFileSync(table, "utf8");
    } catch {
      continue;
    }
    for (const line of text.split("\n").slice(1)) {
      const columns = line.trim().split(/\s+/);
      const local = columns[1]?.split(":").at(-1);
      if (columns[3] !== TIME_WAIT_STATE && local && Number.parseInt(local, 16) === port) inodes.add(columns[9] ?? "");
    }
  }
  return inodes;
}

function holdsSocket(pid: string, inodes: Set<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      try {
        const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
        return inode !== undefined && inodes.has(inode);
      } catch {
        return false;
      }
    });
  } catch {
    return false;
  }
}

/** "java (pid 123)", or undefined when it can't be told (no /proc, or another user's process). */
export function whoHolds(port: number): string | undefined {
  const inodes = inodesOf(port);
  if (inodes.size === 0) return undefined;
  const pid = readdirSync("/proc").find((entry) => /^\d+$/.test(entry) && holdsSocket(entry, inodes));
  if (pid === undefined) return undefined;
  const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").filter(Boolean).join(" ").slice(0, 80);
  return `${command} (pid ${pid})`;
}

/** A taken port in words: who holds it, which variable chooses another. */
export function describeTaken(want: WantedPort): string {
  const holder = whoHolds(want.port);
  return `port ${want.port} for ${want.label} is taken${holder ? ` by ${holder}` : ""}: choose another with ${want.variable}`;
}

/** @throws LauncherError that names every taken port, who holds it and which variable chooses another. */
export async function requireFreePorts(wanted: readonly WantedPort[]): Promise<void> {
  const problems: string[] = [];
  const seen = new Map<number, WantedPort>();
  for (const want of wanted) {
    const other = seen.get(want.port);
    if (other)
      problems.push(
        `port ${want.port} is wanted twice: by ${other.label} (${other.variable}) and ${want.label} (${want.variable})`,
      );
    seen.set(want.port, want);
    const code = other ? undefined : await tryPort(want.port);
    if (code === "EADDRINUSE") {
      problems.push(describeTaken(want));
    } else if (code !== undefined) {
      problems.push(
        `port ${want.port} for ${want.label} can't be used (${code}): choose another with ${want.variable}`,
      );
    }
  }
  if (problems.length === 0) return;
  throw new LauncherError(problems.join("\n"), {
    code: "port_taken",
    advice:
      "stop what holds the port (if it is another Stipend: `npm stop` there), or set the variable named, for example " +
      `\`${wanted.find((want) => problems.some((p) => p.includes(want.variable)))?.variable ?? "STIPEND_PORT"}=20000 npm start\`.`,
  });
}
