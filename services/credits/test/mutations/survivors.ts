/**
 * npm run mutation:survivors -- FILE TEST…: takes the mutants of one source file that Stryker's unit tests let live or never reached
 * (reports/mutation/mutation.json, of the last `npm run mutation`), plants them one at a time and lets these integration tests look, in this order,
 * against real engines. Prints who noticed each, and those that nobody did. E.g. services/credits/src/domain/allowance.ts periods allowance
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { REPO_ROOT } from "@stipend/local/repo";
import { PlainReporter } from "@stipend/local/report/plain";
import { startEngines } from "@stipend/testing/engines/start-engines";
import type { EngineUrls } from "@stipend/testing/engines/types";
import { look, type Verdict } from "./look.ts";

/** As the report has it; lines and columns from 1, the end exclusive. */
interface Place {
  readonly line: number;
  readonly column: number;
}

interface Mutant {
  readonly mutatorName: string;
  readonly replacement: string;
  readonly status: string;
  readonly location: { readonly start: Place; readonly end: Place };
}

interface Report {
  readonly files: Readonly<Record<string, { readonly source: string; readonly mutants: readonly Mutant[] }>>;
}

const [path, ...tests] = process.argv.slice(2);
if (path === undefined || tests.length === 0)
  throw new Error("name a source file and the tests that are to look at it");
const report = JSON.parse(await readFile(join(REPO_ROOT, "reports/mutation/mutation.json"), "utf8")) as Report;
const subject = report.files[path];
if (subject === undefined) throw new Error(`the report has no ${path}: npm run mutation -- --mutate ${path}`);
if (subject.source !== (await readFile(join(REPO_ROOT, path), "utf8")))
  throw new Error(`${path} has changed since the report: npm run mutation -- --mutate ${path}`);
const { source } = subject;
const left = subject.mutants.filter(({ status }) => status === "Survived" || status === "NoCoverage");

const engines = await startEngines(
  { mysql: true, redis: true, kafka: true },
  new PlainReporter((line) => process.stderr.write(`${line}\n`)),
);
let unnoticed = 0;
try {
  const sound = await judge(engines.urls, source);
  if (sound.killedBy !== undefined) throw new Error(`fails without any fault: ${sound.killedBy}\n${sound.said}`);
  if (!(await isRead(engines.urls))) throw new Error(`${path} is read by none of ${tests.join(", ")}`);
  for (const mutant of left) {
    const { killedBy } = await judge(engines.urls, mutated(mutant));
    if (killedBy === undefined) unnoticed += 1;
    const { line } = mutant.location.start;
    console.log(`${killedBy === undefined ? "SURVIVED" : "killed  "} ${path}:${line} ${change(mutant)}`);
    console.log(`         ${killedBy ?? `none of ${tests.join(", ")} noticed`}`);
  }
} finally {
  await engines.stop();
}
console.log(`${left.length - unnoticed} of ${left.length} killed, ${unnoticed} survived`);

function judge(urls: EngineUrls, text: string): Promise<Verdict> {
  return look({ urls, source: { path: join(REPO_ROOT, path ?? ""), text } }, tests);
}

/** What nobody reads nobody misses. */
async function isRead(urls: EngineUrls): Promise<boolean> {
  return await judge(urls, "throw new Error('planted');").then(
    ({ killedBy }) => killedBy !== undefined,
    () => true,
  );
}

function mutated({ location, replacement }: Mutant): string {
  return source.slice(0, offsetOf(location.start)) + replacement + source.slice(offsetOf(location.end));
}

function change({ location, replacement }: Mutant): string {
  const original = source.slice(offsetOf(location.start), offsetOf(location.end));
  return `${brief(original)} → ${brief(replacement)}`;
}

function brief(text: string): string {
  const line = text.replaceAll(/\s+/g, " ");
  return line.length <= 70 ? line : `${line.slice(0, 69)}…`;
}

function offsetOf({ line, column }: Place): number {
  const before = source.split("\n").slice(0, line - 1);
  return before.reduce((sum, text) => sum + text.length + 1, 0) + column - 1;
}
