import { readFile } from "node:fs/promises";
import { IntervalJob } from "@stipend/platform/jobs/interval";
import type { Part } from "@stipend/platform/lifecycle/lifecycle";
import type { Log } from "@stipend/platform/log/log";
import { parseDocument } from "yaml";
import { type MonitorSettings, SettingsError, type SettingsSurroundings, toSettings } from "./settings.ts";

const LOOK_EVERY_MS = 2_000;

/**
 * deploy/monitor.yaml, read at start and again when it changes. A file with mistakes stops the boot; later it is
 * reported and the settings stay as they were.
 */
export class SettingsFile implements Part {
  readonly name = "settings";
  readonly #surroundings: SettingsSurroundings;
  readonly #log: Log;
  readonly #job: IntervalJob;
  #text = "";
  #settings: MonitorSettings | undefined;

  /** @param surroundings.file its path. */
  constructor(surroundings: SettingsSurroundings, log: Log) {
    this.#surroundings = surroundings;
    this.#log = log;
    this.#job = new IntervalJob({ name: "settings-file", everyMs: LOOK_EVERY_MS, log, run: () => this.#look() });
  }

  /** What holds now. Ask each time: it may change. */
  get current(): MonitorSettings {
    if (this.#settings === undefined) throw new Error("the settings have not been read yet");
    return this.#settings;
  }

  /** @throws SettingsError, or Error when there is no such file. */
  async start(): Promise<void> {
    this.#text = await readFile(this.#surroundings.file, "utf8");
    this.#settings = parse(this.#text, this.#surroundings);
    await this.#job.start();
  }

  async stop(): Promise<void> {
    await this.#job.stop();
  }

  async #look(): Promise<void> {
    const text = await readFile(this.#surroundings.file, "utf8");
    if (text === this.#text) return;
    this.#text = text;
    try {
      this.#settings = parse(text, this.#surroundings);
      this.#log.info({ file: this.#surroundings.file }, "settings read anew");
    } catch (error) {
      this.#log.error({ err: error, file: this.#surroundings.file }, "settings have mistakes and are not used");
    }
  }
}

function parse(text: string, surroundings: SettingsSurroundings): MonitorSettings {
  const document = parseDocument(text, { uniqueKeys: true });
  if (document.errors.length > 0) {
    throw new SettingsError(
      surroundings.file,
      document.errors.map((error) => error.message.split("\n", 1)[0] ?? "cannot be read"),
    );
  }
  return toSettings(document.toJS() as unknown, surroundings);
}
