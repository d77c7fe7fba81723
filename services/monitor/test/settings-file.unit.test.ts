import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog } from "@stipend/platform/log/log";
import { eventually } from "@stipend/testing/eventually";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SettingsFile } from "../src/settings/settings-file.ts";

let folder: string;
let file: string;
let settings: SettingsFile;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "monitor-settings-"));
  file = join(folder, "monitor.yaml");
  settings = new SettingsFile({ file, secrets: {}, timeZone: "UTC" }, silentLog());
});
afterEach(async () => {
  await settings.stop();
  await rm(folder, { recursive: true });
});

const write = (refunds: string) => writeFile(file, `rules: { frequent_refunds: { events: ${refunds} } }\n`);
const limit = () => settings.current.rules.byName.get("frequent_refunds")?.limit?.minEvents;

describe("the settings file", () => {
  it("is read anew when it changes; with a mistake in it, what held goes on holding, until it is mended", async () => {
    await write("3");
    await settings.start();
    expect(limit()).toBe(3);
    await write("4");
    await eventually(() => expect(limit()).toBe(4));
    await write("-1");
    await eventually(() => expect(limit()).toBe(4));
    await write("5");
    await eventually(() => expect(limit()).toBe(5));
  });

  it("goes on holding while the file is away", async () => {
    await write("3");
    await settings.start();
    await rm(file);
    await write("6");
    await eventually(() => expect(limit()).toBe(6));
  });

  it("stops the boot when it has mistakes, or is not there", async () => {
    await expect(settings.start()).rejects.toThrow(/ENOENT/);
    await write("many");
    await expect(settings.start()).rejects.toThrow(/frequent_refunds/);
  });
});
