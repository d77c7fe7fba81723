import { readdir, readFile } from "node:fs/promises";
import { docsAsset } from "@stipend/proto/http/gateway";
import { describe, expect, test } from "vitest";

const ASSETS = new URL("../assets/", import.meta.url);
const served: readonly string[] = docsAsset.params.shape.file.options;
// The sign-in page stands beside it.
const names = (await readdir(ASSETS)).filter((name) => name.startsWith("docs"));

describe("the documentation page", () => {
  test("serves every file it consists of, and no other", () => {
    expect(names.filter((name) => name !== "docs.html").sort()).toEqual([...served].sort());
  });

  test.each(names)("%s asks for nothing that is not served here", async (name) => {
    const text = await readFile(new URL(name, ASSETS), "utf8");
    expect(text).not.toMatch(/\b(?:https?:)?\/\/[\w-]+\.\w/);
    const asked = [...text.matchAll(/(?:from "\.\/|(?:src|href)="docs\/)([\w.-]+)"/g)].map((match) => match[1]);
    expect(served).toEqual(expect.arrayContaining(asked));
  });

  test.each(names.filter((name) => name.endsWith(".js")))("%s never reads text as HTML", async (name) => {
    const text = await readFile(new URL(name, ASSETS), "utf8");
    expect(text).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/);
  });
});
