import type { ReportEvent, Reporter } from "./reporter.ts";

const MARKS = { running: "·", done: "✓", failed: "✗", skipped: "-" } as const;

/** A step's progress is told at most this often: a log is read, not watched. */
const PROGRESS_EVERY_MS = 1_000;

/** One line an event, for logs and pipes. A step that says the same again is not repeated. */
export class PlainReporter implements Reporter {
  #write: (line: string) => void;
  #last = new Map<string, { line: string; at: number }>();
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
    const last = this.#last.get(event.step);
    const soon = last !== undefined && Date.now() - last.at < PROGRESS_EVERY_MS;
    if (last?.line === line || (soon && event.state === "running")) return;
    this.#last.set(event.step, { line, at: Date.now() });
    this.#write(`${time}  ${line}`);
  }
}
