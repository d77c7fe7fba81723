/** vitest's globalSetup of the browser tests: one whole system, and the page that shows what @stipend/react does. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type System, startSystem } from "@stipend/testing/system";
import type { TestProject } from "vitest/node";
import { buildPage } from "../browser/support/page.ts";
import { describeRunning } from "./running-system.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The folder of the built page. */
    labPage: string;
  }
}

let system: System | undefined;
let folder: string | undefined;

export async function setup(project: TestProject): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), "stipend-page-"));
  [system] = await Promise.all([startSystem({ supervise: true, web: true }), buildPage(folder)]);
  const { status } = await fetch(`${system.baseUrl}/`);
  if (status !== 200) throw new Error("the system has no pages: `node web/tools/build.ts` says why they are not built");
  project.provide("running", describeRunning(system));
  project.provide("labPage", folder);
}

export async function teardown(): Promise<void> {
  await system?.stop();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
}
