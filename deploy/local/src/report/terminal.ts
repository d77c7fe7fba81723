import { type DefaultRenderer, Listr, type ListrTaskWrapper, type SimpleRenderer } from "listr2";
import { PlainReporter } from "./plain.ts";
import type { ReportEvent, Reporter } from "./reporter.ts";

type Task = ListrTaskWrapper<unknown, typeof DefaultRenderer, typeof SimpleRenderer>;

interface Row {
  task: Task | undefined;
  resolve: () => void;
  reject: (error: Error) => void;
  ended: Promise<void>;
  text: string;
}

function newRow(): Row {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  return { task: undefined, resolve, reject, ended: promise, text: "" };
}

/** A list with a spinner for each step, until finish(); plain lines afterwards. */
export class TerminalReporter implements Reporter {
  #rows: Map<string, Row>;
  #plain: PlainReporter;
  #notes: ReportEvent[] = [];
  #running: Promise<unknown> | undefined;

  constructor(steps: readonly string[], write: (line: string) => void) {
    this.#plain = new PlainReporter(write);
    this.#rows = new Map(steps.map((step) => [step, newRow()]));
    const list = new Listr(
      [...this.#rows].map(([step, row]) => ({
        title: step,
        task: (_context: unknown, task: Task): Promise<void> => {
          row.task = task;
          return row.ended;
        },
      })),
      { concurrent: true, exitOnError: false, rendererOptions: { collapseErrors: false, showErrorMessage: false } },
    );
    this.#running = list.run().catch(() => undefined);
  }

  emit(event: ReportEvent): void {
    const row = event.kind === "step" ? this.#rows.get(event.step) : undefined;
    if (!this.#running || !row || event.kind !== "step") {
      if (this.#running && event.kind === "note") this.#notes.push(event);
      else if (!this.#running) this.#plain.emit(event);
      return;
    }
    row.text = `${event.step}: ${event.text}`;
    if (row.task) row.task.title = row.text;
    if (event.state === "done") row.resolve();
    if (event.state === "failed") row.reject(new Error(row.text));
    if (event.state === "skipped") row.resolve();
  }

  /** Ends the list (steps that were not needed vanish from it) and goes on with plain lines. */
  async finish(): Promise<void> {
    for (const row of this.#rows.values()) {
      if (row.text === "") row.task?.skip("not needed");
      row.resolve();
    }
    await this.#running;
    this.#running = undefined;
    for (const note of this.#notes) this.#plain.emit(note);
  }
}
