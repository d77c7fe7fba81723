import { readFile } from "node:fs/promises";
import { IntervalJob } from "@stipend/platform/jobs/interval";
import type { Part } from "@stipend/platform/lifecycle/lifecycle";
import type { Log } from "@stipend/platform/log/log";
import { parseDocument } from "yaml";
import { type MonitorSettings, SettingsError, toSettings } from "./settings.ts";

const LOOK_EVERY_MS = 2_000;

/**
 * deploy/monitor.yaml, read at start and again when it changes. A file with mistakes stops the boot; later it is
 * reported and the settings stay as they were.
 */
export class SettingsFile implements Part {
  readonly name = "settings";
  readonly #path: string;
  readonly #log: Log;
  readonly #job: IntervalJob;
  #text = "";
  #settings: MonitorSettings | undefined;

  constructor(path: string, log: Log) {
    this.#path = path;
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
    this.#text = await readFile(this.#path, "utf8");
    this.#settings = parse(this.#text, this.#path);
    await this.#job.start();
  }

  async stop(): Promise<void> {
    await this.#job.stop();
  }

  async #look(): Promise<void> {
    const text = await readFile(this.#path, "utf8");
    if (text === this.#text) return;
    this.#text = text;
    try {
      this.#settings = parse(text, this.#path);
      this.#log.info({ file: this.#path }, "settings read anew");
    } catch (error) {
      this.#log.error({ err: error, file: this.#path }, "settings have mistakes and are not used");
    }
  }
}

function parse(text: string, path: string): MonitorSettings {
  const document = parseDocument(text, { uniqueKeys: true });
  if (document.errors.length > 0) {
    throw new SettingsError(
      path,
      document.errors.map((error) => error.message.split("\n", 1)[0] ?? "cannot be read"),
    );
  }
  return toSettings(document.toJS() as unknown, path);
}
