import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { type PartResult, ROOT, runTool } from "./part.ts";

const run = promisify(execFile);
const PROTO = join(ROOT, "proto");
export const IMAGE = join(PROTO, "image.binpb");
const MAX_IMAGE_BYTES = 64 * 1024 * 1024;

async function withTemporaryFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "stipend-proto-"));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The image of the last commit; where git has none (an export, a first commit), the one in the folder. */
async function committedImage(): Promise<Buffer> {
  try {
    const args = ["show", "HEAD:proto/image.binpb"];
    return (await run("git", args, { cwd: ROOT, encoding: "buffer", maxBuffer: MAX_IMAGE_BYTES })).stdout;
  } catch {
    return readFile(IMAGE);
  }
}

/** Is the event schema in `proto` (default: ours) readable for everyone who knows the last committed one? */
export function checkBreaking(proto: string = PROTO): Promise<PartResult> {
  return withTemporaryFolder(async (folder) => {
    const against = join(folder, "image.binpb");
    await writeFile(against, await committedImage());
    return runTool("buf", ["breaking", "--against", against], proto);
  });
}

/** The image beside the schema is the schema: otherwise what was added since could be broken unseen. */
export function checkImage(): Promise<PartResult> {
  return withTemporaryFolder(async (folder) => {
    const fresh = join(folder, "image.binpb");
    const built = await runTool("buf", ["build", "-o", fresh], PROTO);
    if (!built.ok) return built;
    const same = existsSync(IMAGE) && (await readFile(fresh)).equals(await readFile(IMAGE));
    return { ok: same, output: same ? "" : "  proto/image.binpb is not the schema beside it" };
  });
}

/** The generated code is what `buf generate` makes of the schema now. */
export function checkGenerated(): Promise<PartResult> {
  return withTemporaryFolder(async (folder) => {
    const made = await runTool("buf", ["generate", "-o", folder], PROTO);
    if (!made.ok) return made;
    const differing = await differences(join(folder, "gen"), join(PROTO, "gen"));
    return { ok: differing.length === 0, output: differing.map((path) => `  proto/gen/${path} differs`).join("\n") };
  });
}

async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}

async function differences(left: string, right: string): Promise<string[]> {
  const paths = new Set([...(await listFiles(left)), ...(await listFiles(right))]);
  const same = async (path: string): Promise<boolean> => {
    const [a, b] = await Promise.all(
      [left, right].map((folder) => readFile(join(folder, path)).catch(() => undefined)),
    );
    return a !== undefined && b !== undefined && a.equals(b);
  };
  const judged = await Promise.all([...paths].map(async (path) => ({ path, same: await same(path) })));
  return judged
    .filter((file) => !file.same)
    .map((file) => file.path)
    .sort();
}
