/** Fetches the jars of Kafka and Zipkin as Maven artifacts, by the pinned pom.xml files beside the launcher. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { LauncherError } from "../errors.ts";
import { REPO_ROOT } from "../repo.ts";
import type { Step } from "../report/reporter.ts";
import { run } from "./exec.ts";

export type JarSet = "kafka" | "zipkin";

const COPY_GOAL = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies";
const MAVEN_TIMEOUT_MS = 20 * 60_000;

const pomOf = (set: JarSet): string => join(REPO_ROOT, "deploy", "local", "engines", set, "pom.xml");

/** Where the jars of this very pom.xml stand: another version gets another folder. */
export function jarsFolder(cache: string, set: JarSet): string {
  const hash = createHash("sha256")
    .update(readFileSync(pomOf(set)))
    .digest("hex")
    .slice(0, 12);
  return join(cache, "jars", `${set}-${hash}`);
}

export function haveJars(cache: string, set: JarSet): boolean {
  return existsSync(jarsFolder(cache, set));
}

/** "Downloaded from central: …/kafka-clients-4.4.0.jar (11 MB at 22 MB/s)" → the running total in words. */
class DownloadCount {
  #files = 0;
  #kilobytes = 0;

  take(line: string): string | undefined {
    const name = /Downloaded from \S+: \S+\/(\S+\.jar) \(([\d.]+) (kB|MB|B)/.exec(line);
    if (!name) {
      const begun = /Downloading from \S+: \S+\/(\S+\.jar)$/.exec(line)?.[1];
      return begun ? `downloading ${begun}` : undefined;
    }
    const size = Number(name[2]) * (name[3] === "MB" ? 1024 : name[3] === "B" ? 1 / 1024 : 1);
    this.#files += 1;
    this.#kilobytes += size;
    return `downloaded ${this.#files} jars, ${(this.#kilobytes / 1024).toFixed(0)} MB: ${name[1]}`;
  }
}

/**
 * Makes sure that the jars are in the cache. Whole or not at all: they are copied to a folder beside and renamed.
 *
 * @throws LauncherError with Maven's last words.
 */
export async function ensureJars(
  cache: string,
  set: JarSet,
  maven: string,
  step: Step,
  signal?: AbortSignal,
): Promise<void> {
  const folder = jarsFolder(cache, set);
  if (existsSync(folder)) return;
  const unfinished = `${folder}.${process.pid}`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  step.say(`fetching ${set} as Maven artifacts`);
  const count = new DownloadCount();
  const args = ["-B", "-f", pomOf(set), COPY_GOAL, `-DoutputDirectory=${unfinished}`, "-DincludeScope=runtime"];
  const result = await run(maven, args, {
    timeoutMs: MAVEN_TIMEOUT_MS,
    ...(signal ? { signal } : {}),
    onLine: (line) => {
      const text = count.take(line);
      if (text) step.say(`${set}: ${text}`);
    },
  });
  if (result.code !== 0) {
    rmSync(unfinished, { recursive: true, force: true });
    signal?.throwIfAborted();
    throw new LauncherError(`Maven could not fetch the artifacts of ${set} (exit code ${result.code}).`, {
      advice:
        "check that this machine reaches its Maven repository (and its proxy settings in ~/.m2/settings.xml), then run the command again.",
      lastLines: result.lines.filter((line) => line.includes("ERROR")).slice(0, 6),
    });
  }
  if (existsSync(folder)) rmSync(unfinished, { recursive: true, force: true });
  else renameSync(unfinished, folder);
}
