import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadSources, platformSource, type SqlSource } from "@stipend/platform/mysql/sources";
import { afterEach, describe, expect, test } from "vitest";

const dirs: string[] = [];
afterEach(async () => {
  await Promise.all(dirs.splice(0).map((dir) => rm(dir, { recursive: true })));
});

async function source(files: Readonly<Record<string, string>>): Promise<SqlSource> {
  const dir = await mkdtemp(join(tmpdir(), "sql-"));
  dirs.push(dir);
  for (const [path, text] of Object.entries(files)) {
    const file = join(dir, path);
    await mkdir(join(file, ".."), { recursive: true });
    await writeFile(file, text);
  }
  return { name: "shop", dir };
}

describe("routines of the platform and of a service", () => {
  test("a service's view stands in place of the platform's of the same name, once and before the procedures", async () => {
    const own = await source({ "views/outbox_event.sql": "CREATE VIEW outbox_event AS SELECT 1 AS id" });
    const { routines } = await loadSources([own]);
    const views = routines.filter(({ name }) => name === "outbox_event");
    expect(views.map((view) => [view.source, view.create])).toEqual([
      ["shop", "CREATE VIEW outbox_event AS SELECT 1 AS id"],
    ]);
    const place = routines.findIndex(({ name }) => name === "outbox_event");
    expect(place).toBeLessThan(routines.findIndex(({ name }) => name === "OutboxNext"));
    const plain = await loadSources([]);
    expect(plain.routines.find(({ name }) => name === "outbox_event")?.source).toBe(platformSource.name);
  });

  test("a procedure of the platform can't be replaced, nor a view of another service", async () => {
    const procedure = await source({
      "procedures/OutboxNext.sql": "CREATE PROCEDURE OutboxNext() BEGIN SELECT 1; END",
    });
    await expect(loadSources([procedure])).rejects.toThrow(/OutboxNext of shop exists in another source/);
    const one = await source({ "views/sales.sql": "CREATE VIEW sales AS SELECT 1 AS id" });
    await expect(loadSources([one, { ...one, name: "mart" }])).rejects.toThrow(
      /sales of mart exists in another source/,
    );
  });
});
