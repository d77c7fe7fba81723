import type { ReportEvent, Reporter } from "./reporter.ts";

const MARKS = { running: "·", done: "✓", failed: "✗", skipped: "-" } as const;

/** One line an event, for logs and pipes. A step that says the same again is not repeated. */
export class PlainReporter implements Reporter {
  #write: (line: string) => void;
  #last = new Map<string, string>();
  #began = Date.now();

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  emit(event: ReportEvent): void {
    const time = `${((Date.now() - this.#began) / 1000).toFixed(1).padStart(6)}s`;
    if (event.kind === "note") {
      this.#write(`${time}  ! ${event.text}`);
      return;
    }
    const line = `${MARKS[event.state]} ${event.step}: ${event.text}`;
    if (this.#last.get(event.step) === line) return;
    this.#last.set(event.step, line);
    this.#write(`${time}  ${line}`);
  }
}
