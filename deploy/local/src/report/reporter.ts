/** What a person sees while the system starts and stops. Plain data, so that it can travel to another process. */
export type ReportEvent =
  | { kind: "step"; step: string; state: "running" | "done" | "failed" | "skipped"; text: string }
  | { kind: "note"; text: string };

export interface Reporter {
  emit(event: ReportEvent): void;
}

/** Reports one step: its beginning, what it is doing now, its end. */
export class Step {
  readonly name: string;
  #reporter: Reporter;

  constructor(reporter: Reporter, name: string) {
    this.name = name;
    this.#reporter = reporter;
  }

  say(text: string): void {
    this.#emit("running", text);
  }

  /** Runs the work of this step; `done` words its success. */
  async run<T>(doing: string, work: () => Promise<T>, done: (result: T) => string): Promise<T> {
    this.say(doing);
    const began = Date.now();
    try {
      const result = await work();
      this.#emit("done", `${done(result)} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
      return result;
    } catch (error) {
      this.#emit("failed", firstLine(error));
      throw error;
    }
  }

  skip(text: string): void {
    this.#emit("skipped", text);
  }

  #emit(state: "running" | "done" | "failed" | "skipped", text: string): void {
    this.#reporter.emit({ kind: "step", step: this.name, state, text });
  }
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "failed";
}

/** For tests and libraries: says nothing. */
export const silentReporter: Reporter = { emit: () => undefined };
