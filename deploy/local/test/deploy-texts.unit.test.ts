/** What is deployed by text alone, held against the code: nothing here needs Docker, Helm or a cluster. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { PUBLIC_SERVICES } from "../src/services/names.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
const filesBelow = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes("node_modules"))
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length));

/** Packages of ours whose code (not only types) these sources import. */
function importedBy(folder: string): Set<string> {
  const names = filesBelow(folder)
    .filter((path) => /\.tsx?$/.test(path))
    .flatMap((path) => [...read(path).matchAll(/^(?:import|export)\s(?!type\b)[^;]*?\sfrom "@stipend\/([\w-]+)/gms)])
    .filter((match) => !/\{(?:\s*type\s+\w+(?:\s+as\s+\w+)?\s*,?)+\s*\}/.test(match[0]))
    .map((match) => match[1] ?? "");
  return new Set(names);
}

describe("the image", () => {
  const stage =
    read("deploy/Dockerfile")
      .split(/^FROM /m)
      .find((text) => text.includes(" AS web")) ?? "";

  test("the stage of the web apps has every package that they import, installed and copied", () => {
    const imported = new Set([...importedBy("web/src"), ...importedBy("packages/react/src")]);
    expect([...imported]).toContain("react");
    for (const name of imported) {
      expect(stage).toMatch(new RegExp(`npm ci [^\n]*-w packages/${name}\\b`));
      expect(stage).toContain(`\nCOPY packages/${name} packages/${name}\n`);
    }
  });
});

/** What a service reads, wherever it is declared. */
const CONFIGS = [
  ...PUBLIC_SERVICES.map((name) => `services/${name}/src/config.ts`),
  "packages/platform/src/config/common.ts",
];
const known = new Set(CONFIGS.flatMap((path) => [...read(path).matchAll(/^\s+(STIPEND_[A-Z_]+):/gm)].map((m) => m[1])));

describe("the Helm chart", () => {
  const templates = filesBelow("deploy/helm/stipend/templates").map(read).join("\n");

  test("has a deployment for every service, and for no other", () => {
    const values = read("deploy/helm/stipend/values.yaml");
    const services = [...values.slice(values.indexOf("\nservices:\n")).matchAll(/^ {2}([\w-]+):$/gm)].map((m) => m[1]);
    expect(services.sort()).toEqual([...PUBLIC_SERVICES].sort());
  });

  test("sets only variables that a service reads", () => {
    const set = [...templates.matchAll(/"(STIPEND_[A-Z_]+)"/g)].map((match) => match[1]);
    expect(new Set(set).size).toBeGreaterThan(15);
    // Read by migrate.ts alone.
    expect(set.filter((name) => !known.has(name) && name !== "STIPEND_MYSQL_OWNER_URL")).toEqual([]);
  });
});

describe("compose.yaml", () => {
  test("sets for services only variables that they read", () => {
    const compose = read("deploy/compose.yaml");
    const services = compose.slice(compose.indexOf("\n  gateway:\n"), compose.indexOf("\n  # A sample of"));
    const set = [...services.matchAll(/^ {6}(STIPEND_[A-Z_]+):/gm)].map((match) => match[1] ?? "");
    expect(set.length).toBeGreaterThan(15);
    expect(set.filter((name) => !known.has(name) && !name.startsWith("STIPEND_UPSTREAM_"))).toEqual([]);
  });

  test("what a plain `up` starts is as light as before: all of observability is behind its profile", () => {
    const parts = read("deploy/compose.yaml").split(/^ {2}(?=[\w-]+:\n)/m);
    const behind = parts.filter((part) => part.includes("profiles: [observability]")).map((part) => part.split(":")[0]);
    expect(behind).toEqual(["prometheus", "grafana", "otel-collector"]);
  });
});
