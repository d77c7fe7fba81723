import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";
import { LauncherError } from "../errors.ts";

export interface WantedPort {
  port: number;
  /** who wants it, for people */
  label: string;
  /** the variable that chooses another */
  variable: string;
}

const LISTEN_STATE = "0A";

/** Resolves with undefined when this port of the loopback can be listened on, else with the error's code. */
export function tryPort(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "unknown"));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ port: 0, host: "127.0.0.1" }, () => {
      const address = server.address();
      server.close(() =>
        typeof address === "object" && address ? resolve(address.port) : reject(new Error("no port")),
      );
    });
  });
}

function listeningInodes(port: number): Set<string> {
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
      if (columns[3] === LISTEN_STATE && local && Number.parseInt(local, 16) === port) inodes.add(columns[9] ?? "");
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
export function whoListens(port: number): string | undefined {
  const inodes = listeningInodes(port);
  if (inodes.size === 0) return undefined;
  const pid = readdirSync("/proc").find((entry) => /^\d+$/.test(entry) && holdsSocket(entry, inodes));
  if (pid === undefined) return undefined;
  const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").filter(Boolean).join(" ").slice(0, 80);
  return `${command} (pid ${pid})`;
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
      const holder = whoListens(want.port);
      problems.push(
        `port ${want.port} for ${want.label} is taken${holder ? ` by ${holder}` : ""}: choose another with ${want.variable}`,
      );
    } else if (code !== undefined) {
      problems.push(
        `port ${want.port} for ${want.label} can't be used (${code}): choose another with ${want.variable}`,
      );
    }
  }
  if (problems.length === 0) return;
  throw new LauncherError(problems.join("\n"), {
    advice:
      "stop what holds the port (if it is another Stipend: `npm stop` there), or set the variable named, for example " +
      `\`${wanted.find((want) => problems.some((p) => p.includes(want.variable)))?.variable ?? "STIPEND_PORT"}=20000 npm start\`.`,
  });
}
