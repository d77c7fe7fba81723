/** vitest's globalSetup of the end-to-end tests: one whole system for all their files. */
import { type System, startSystem } from "@stipend/testing/system";
import type { TestProject } from "vitest/node";
import { describeRunning } from "./running-system.ts";

let system: System | undefined;

export async function setup(project: TestProject): Promise<void> {
  system = await startSystem({ traces: true, supervise: true });
  project.provide("running", describeRunning(system));
}

export async function teardown(): Promise<void> {
  await system?.stop();
}
