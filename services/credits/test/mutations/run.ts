/**
 * npm run mutation:sql [-- words]: plants each fault of the list (those whose description has the words) into a copy of the ledger's SQL, makes a fresh
 * schema of it, and lets the ledger's tests look: the file most likely to notice first, then the others. One at a time.
 * Exits non-zero when a mutant survives that should not, when one dies that counts as equivalent, or when the list no longer fits the SQL.
 */
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PlainReporter } from "@stipend/local/report/plain";
import { startEngines } from "@stipend/testing/engines/start-engines";
import type { EngineUrls } from "@stipend/testing/engines/types";
import { look, type Verdict } from "./look.ts";
import { type Mutation, TEST_FILES } from "./mutation.ts";
import { periodMutations } from "./period-mutations.ts";
import { repairMutations } from "./repair-mutations.ts";
import { returningMutations } from "./returning-mutations.ts";
import { spendingMutations } from "./spending-mutations.ts";

const CREDITS = join(import.meta.dirname, "../..");
const SQL = join(CREDITS, "sql");

const all = [...spendingMutations, ...returningMutations, ...periodMutations, ...repairMutations];
const words = process.argv.slice(2).join(" ").toLowerCase();
const chosen = all.filter(({ file, what }) => `${file} ${what}`.toLowerCase().includes(words));
if (chosen.length === 0) throw new Error(`no mutation is about "${words}"`);

const misfits = (await Promise.all(all.map(misfit))).filter((text) => text !== undefined);
if (misfits.length > 0) throw new Error(`the list no longer fits the SQL:\n${misfits.join("\n")}`);

const engines = await startEngines({ mysql: true }, new PlainReporter((line) => process.stderr.write(`${line}\n`)));
let unexpected = 0;
let killed = 0;
try {
  if (words === "") await expectSound(engines.urls);
  for (const mutation of chosen) {
    const { killedBy, said } = await judge(engines.urls, mutation);
    if (killedBy !== undefined) killed += 1;
    const asExpected = (killedBy === undefined) === (mutation.equivalent !== undefined);
    if (!asExpected) unexpected += 1;
    const why = killedBy === undefined || asExpected ? "" : `: ${said}`;
    console.log(
      `${mark(killedBy, asExpected)} ${mutation.file}: ${mutation.what}\n           ${killedBy ?? mutation.equivalent ?? "no test noticed"}${why}`,
    );
  }
} finally {
  await engines.stop();
}
console.log(`${killed} of ${chosen.length} killed, ${chosen.length - killed} survived, ${unexpected} not as expected`);
process.exit(unexpected === 0 ? 0 : 1);

function mark(killedBy: string | undefined, asExpected: boolean): string {
  if (killedBy === undefined) return asExpected ? "equivalent" : "SURVIVED  ";
  return asExpected ? "killed    " : "KILLED?   ";
}

async function misfit(mutation: Mutation): Promise<string | undefined> {
  const text = await readFile(join(SQL, mutation.file), "utf8");
  const times = text.split(mutation.find).length - 1;
  return times === 1 ? undefined : `  ${mutation.file}: ${times} times, not once: ${mutation.find}`;
}

/** Without a fault no test may fail, or every mutant would count as killed. */
async function expectSound(urls: EngineUrls): Promise<void> {
  const { killedBy, said } = await look({ urls, sql: SQL }, TEST_FILES);
  if (killedBy !== undefined) throw new Error(`fails without any fault: ${killedBy}\n${said}`);
}

async function judge(urls: EngineUrls, mutation: Mutation): Promise<Verdict> {
  const copy = await mkdtemp(join(tmpdir(), "stipend-mutant-"));
  try {
    await cp(SQL, copy, { recursive: true });
    const text = await readFile(join(SQL, mutation.file), "utf8");
    await writeFile(
      join(copy, mutation.file),
      text.replace(mutation.find, () => mutation.replace),
    );
    const others = TEST_FILES.filter((other) => other !== mutation.test);
    return await look({ urls, sql: copy }, [mutation.test, ...others]);
  } finally {
    await rm(copy, { recursive: true });
  }
}
