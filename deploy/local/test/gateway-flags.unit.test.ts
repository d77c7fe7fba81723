import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { REPO_ROOT } from "../src/repo.ts";
import { GATEWAY_FLAGS, GATEWAY_MALLOC } from "../src/services/units.ts";

const read = (path: string) => readFileSync(join(REPO_ROOT, path), "utf8");
const MEMORY = /--(?:optimize-for-size|max-semi-space-size=\d+|heap-growing-percent=\d+)/g;

test("launcher, compose, image and documents start the gateway with the same flags", () => {
  for (const path of ["deploy/compose.yaml", "deploy/Dockerfile"]) {
    expect(read(path).match(MEMORY), path).toEqual(GATEWAY_FLAGS);
  }
  for (const path of ["docs/operating.md", "services/gateway/README.md"]) {
    expect(read(path).match(MEMORY), path).toEqual(GATEWAY_FLAGS);
    for (const [name, value] of Object.entries(GATEWAY_MALLOC)) expect(read(path), path).toContain(`${name}=${value}`);
  }
  for (const [name, value] of Object.entries(GATEWAY_MALLOC)) {
    expect(read("deploy/compose.yaml")).toContain(`${name}: ${value}`);
  }
});
