/** vitest's globalSetup of the end-to-end tests: one whole system for all their files. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type System, startSystem } from "@stipend/testing/system";
import type { TestProject } from "vitest/node";
import { type ChannelPorts, monitorWithChannels } from "./channels.ts";
import { describeRunning } from "./running-system.ts";

declare module "vitest" {
  interface ProvidedContext {
    channelPorts: ChannelPorts;
  }
}

let system: System | undefined;
let folder: string | undefined;

export async function setup(project: TestProject): Promise<void> {
  folder = mkdtempSync(join(tmpdir(), "stipend-e2e-"));
  const { env, ports } = await monitorWithChannels(folder);
  system = await startSystem({ traces: true, supervise: true, serviceEnv: { monitor: env } });
  project.provide("running", describeRunning(system));
  project.provide("channelPorts", ports);
}

export async function teardown(): Promise<void> {
  await system?.stop();
  if (folder !== undefined) rmSync(folder, { recursive: true });
}
