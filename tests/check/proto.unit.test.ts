import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROOT, runTool } from "./part.ts";
import { checkBreaking } from "./proto.ts";

const EVENTS = "stipend/membership/v1/events.proto";
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "stipend-buf-"));
  for (const path of ["buf.yaml", "stipend"])
    await cp(join(ROOT, "proto", path), join(folder, path), { recursive: true });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function withEdit(edit: (text: string) => string, check: () => Promise<void>): Promise<void> {
  const original = await readFile(join(folder, EVENTS), "utf8");
  expect(edit(original)).not.toBe(original);
  await writeFile(join(folder, EVENTS), edit(original));
  try {
    await check();
  } finally {
    await writeFile(join(folder, EVENTS), original);
  }
}

describe("the event schema", () => {
  test("unchanged or with a field more it breaks nobody", { timeout: 20_000 }, async () => {
    expect(await checkBreaking(folder)).toMatchObject({ ok: true });
    const add = (text: string): string =>
      text.replace("  string reason = 6;", "  string reason = 6;\n  string more = 60;");
    await withEdit(add, async () => expect(await checkBreaking(folder)).toMatchObject({ ok: true }));
  });

  test("a field renumbered is refused", { timeout: 20_000 }, async () => {
    const renumber = (text: string): string => text.replace("int64 version = 2;", "int64 version = 22;");
    await withEdit(renumber, async () => {
      const result = await checkBreaking(folder);
      expect(result.ok).toBe(false);
      expect(result.output).toContain(EVENTS);
    });
  });

  test("a name in the wrong case is refused by the lint", { timeout: 20_000 }, async () => {
    const rename = (text: string): string => text.replace("string reason = 6;", "string theReason = 6;");
    await withEdit(rename, async () => {
      expect(await runTool("buf", ["lint"], folder)).toMatchObject({ ok: false });
    });
  });
});
