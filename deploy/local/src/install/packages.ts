/** Installs what the native engines miss with the machine's package manager, or names the exact command. */
import { LauncherError } from "../errors.ts";
import type { Step } from "../report/reporter.ts";
import { findProgram } from "./binaries.ts";
import { run } from "./exec.ts";

export type Need = "mysql" | "redis" | "java" | "maven" | "chromium";

/**
 * Debian's packages; each entry lists names to try in order. Only packages without a system service: the server itself
 * stands in mariadb-server-core and redis-tools, while mariadb-server and redis-server would also start one.
 */
const APT: Record<Need, readonly (readonly string[])[]> = {
  mysql: [
    ["mariadb-server-core", "mariadb-server-core-10.6"],
    ["mariadb-client-core", "mariadb-client-core-10.6"],
  ],
  redis: [["redis-tools", "valkey-tools"]],
  java: [["openjdk-21-jre-headless", "openjdk-17-jre-headless", "default-jre-headless"]],
  maven: [["maven"]],
  chromium: [["chromium"]],
};

/** Other package managers are only named, never run. */
const OTHERS: readonly { program: string; command: string; names: Record<Need, string> }[] = [
  {
    program: "dnf",
    command: "sudo dnf install -y",
    names: {
      mysql: "mariadb-server",
      redis: "redis",
      java: "java-21-openjdk-headless",
      maven: "maven",
      chromium: "chromium",
    },
  },
  {
    program: "pacman",
    command: "sudo pacman -S",
    names: { mysql: "mariadb", redis: "valkey", java: "jre21-openjdk-headless", maven: "maven", chromium: "chromium" },
  },
  {
    program: "apk",
    command: "sudo apk add",
    names: {
      mysql: "mariadb mariadb-client",
      redis: "redis",
      java: "openjdk21-jre-headless",
      maven: "maven",
      chromium: "chromium",
    },
  },
  {
    program: "brew",
    command: "brew install",
    names: { mysql: "mariadb", redis: "redis", java: "openjdk@21", maven: "maven", chromium: "--cask chromium" },
  },
];

const LABELS: Record<Need, string> = {
  mysql: "MariaDB or MySQL",
  redis: "Redis or Valkey",
  java: "a Java runtime (17 or newer)",
  maven: "Maven",
  chromium: "Chromium",
};

const APT_TIMEOUT_MS = 15 * 60_000;
const APT_ENV = { DEBIAN_FRONTEND: "noninteractive" };

function namesOf(needs: readonly Need[]): string {
  return needs.map((need) => LABELS[need]).join(", ");
}

/** How this user may run apt-get: directly, through sudo without a password, or not at all. */
async function aptPrefix(): Promise<readonly string[] | undefined> {
  if (!findProgram("apt-get")) return undefined;
  if (process.getuid?.() === 0) return [];
  const sudo = findProgram("sudo");
  if (sudo && (await run(sudo, ["-n", "true"], { timeoutMs: 5_000 })).code === 0) {
    return [sudo, "-n", "DEBIAN_FRONTEND=noninteractive"];
  }
  return undefined;
}

async function apt(prefix: readonly string[], args: readonly string[], onLine?: (line: string) => void) {
  const [command, ...rest] = [...prefix, "apt-get", "-o", "DPkg::Lock::Timeout=120", ...args];
  return await run(command ?? "apt-get", rest, {
    env: { ...process.env, ...APT_ENV },
    timeoutMs: APT_TIMEOUT_MS,
    ...(onLine ? { onLine } : {}),
  });
}

async function aptKnows(name: string): Promise<boolean> {
  const answer = await run("apt-cache", ["policy", name], { timeoutMs: 30_000 });
  return answer.lines.some((line) => /Candidate: (?!\(none\))/.test(line));
}

async function choosePackages(needs: readonly Need[]): Promise<string[]> {
  const chosen: string[] = [];
  for (const alternatives of needs.flatMap((need) => APT[need])) {
    let name = alternatives[0];
    for (const candidate of alternatives) {
      if (await aptKnows(candidate)) {
        name = candidate;
        break;
      }
    }
    if (name) chosen.push(name);
  }
  return chosen;
}

/** The command a person has to run, for this machine's package manager. */
export function manualCommand(needs: readonly Need[]): string {
  if (findProgram("apt-get")) {
    const names = needs
      .flatMap((need) => APT[need])
      .map((alternatives) =>
        alternatives.includes("openjdk-17-jre-headless") ? "default-jre-headless" : alternatives[0],
      );
    return `sudo apt-get update && sudo apt-get install -y --no-install-recommends ${names.join(" ")}`;
  }
  const manager = OTHERS.find(({ program }) => findProgram(program));
  return manager
    ? `${manager.command} ${needs.map((need) => manager.names[need]).join(" ")}`
    : `install ${namesOf(needs)} with this machine's package manager`;
}

/**
 * Installs the packages of these needs with apt.
 *
 * @throws LauncherError naming the exact command when apt is missing, not permitted, or fails.
 */
export async function installPackages(needs: readonly Need[], step: Step): Promise<void> {
  const prefix = await aptPrefix();
  if (!prefix) {
    throw new LauncherError(`Missing: ${namesOf(needs)}.`, {
      advice: `${manualCommand(needs)}\n  (this user may not install packages without a password), then run the command again. A Docker engine, or engines given by URL, do as well.`,
    });
  }
  step.say("asking the package index");
  const update = await apt(prefix, ["update", "-qq"]);
  const names = await choosePackages(needs);
  step.say(`installing ${names.join(" ")}`);
  const result = await apt(prefix, ["install", "-y", "--no-install-recommends", ...names], (line) => {
    const unpacked = /^(?:Unpacking|Setting up) (\S+)/.exec(line)?.[1];
    if (unpacked) step.say(`installing ${unpacked}`);
  });
  if (result.code === 0) return;
  throw new LauncherError(`apt-get could not install ${names.join(" ")} (exit code ${result.code}).`, {
    advice: `run it by hand and read what it says: ${manualCommand(needs)}`,
    lastLines: [...(update.code === 0 ? [] : update.lines.slice(-3)), ...result.lines.slice(-8)],
  });
}
