import { readFile } from "node:fs/promises";
import type { Part } from "@stipend/platform/lifecycle/lifecycle";
import type { Log } from "@stipend/platform/log/log";
import { FileWatch } from "../watch/file-watch.ts";
import type { Feature } from "./feature.ts";
import { FeaturesFileError, parseFeatures } from "./features-file.ts";

export interface FeatureBookOptions {
  readonly path: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly log: Log;
  /** How often the file is looked at. Default 1,000 ms. */
  readonly everyMs?: number;
  /** Takes the features over, or throws when they can't be (an address that is one of ours): then the old ones stay. */
  readonly use: (features: readonly Feature[]) => void;
}

/**
 * The metered features as the file says now. A file with a mistake at boot ends the process; a mistake made later is
 * logged with its line and the features before it stay in force.
 */
export class FeatureBook implements Part {
  readonly name = "features file";
  readonly #options: FeatureBookOptions;
  readonly #watch: FileWatch;
  #mistake: string | undefined;

  constructor(options: FeatureBookOptions) {
    this.#options = options;
    this.#watch = new FileWatch({
      path: options.path,
      everyMs: options.everyMs ?? 1_000,
      onChange: () => this.#reload(),
    });
  }

  /** What is wrong with the file on disk, when an older one is in force. */
  get mistake(): string | undefined {
    return this.#mistake;
  }

  /** @throws FeaturesFileError, or the error of reading the file. */
  async start(): Promise<void> {
    await this.#load();
    await this.#watch.start();
  }

  async stop(): Promise<void> {
    await this.#watch.stop();
  }

  async #load(): Promise<void> {
    const { path, variables, use, log } = this.#options;
    const features = parseFeatures(await readFile(path, "utf8"), variables, path);
    use(features);
    this.#mistake = undefined;
    log.info({ features: features.map(({ id }) => id) }, "metered features in force");
  }

  async #reload(): Promise<void> {
    try {
      await this.#load();
    } catch (error) {
      this.#mistake = error instanceof Error ? error.message : String(error);
      const mistakes = error instanceof FeaturesFileError ? error.mistakes : undefined;
      this.#options.log.error({ err: error, mistakes }, "features file refused; the features before it stay in force");
    }
  }
}
