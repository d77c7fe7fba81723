import { stat } from "node:fs/promises";
import type { Part } from "@stipend/platform/lifecycle/lifecycle";

export interface FileWatchOptions {
  readonly path: string;
  /** How often the file is looked at. Default 1,000 ms. */
  readonly everyMs?: number;
  /** Called after a change, one call at a time. A throw is the callee's to report. */
  readonly onChange: () => Promise<void>;
}

/**
 * Sees a file change by looking at it now and then. Polling, as fs.watch misses files that are replaced by a
 * rename or mounted as a symlink (editors, Kubernetes).
 */
export class FileWatch implements Part {
  readonly name: string;
  readonly #options: FileWatchOptions;
  #timer: NodeJS.Timeout | undefined;
  #seen: string | undefined;
  #running = false;

  constructor(options: FileWatchOptions) {
    this.name = `watch ${options.path}`;
    this.#options = options;
  }

  async start(): Promise<void> {
    this.#seen = await fingerprint(this.#options.path);
    this.#timer = setInterval(() => void this.#look(), this.#options.everyMs ?? 1_000);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      const now = await fingerprint(this.#options.path);
      if (now === this.#seen) return;
      this.#seen = now;
      await this.#options.onChange();
    } finally {
      this.#running = false;
    }
  }
}

async function fingerprint(path: string): Promise<string> {
  try {
    const { mtimeMs, size, ino } = await stat(path);
    return `${mtimeMs}:${size}:${ino}`;
  } catch {
    return "missing";
  }
}
