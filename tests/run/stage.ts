/** What one stage of `npm test` found. */
export interface StageResult {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** A line for each failure, so that it is found below a long output. */
  readonly failures?: readonly string[];
  /** A line for the table, e.g. which engine the stage ran on. */
  readonly note?: string;
}

export interface Stage {
  /** The name on the command line. */
  readonly name: string;
  readonly title: string;
  /** How long it may take once everything is installed; longer is said in the table, three times as long ends it. */
  readonly budgetSeconds: number;
  run(signal: AbortSignal): Promise<StageResult>;
}

export interface StageReport extends StageResult {
  readonly stage: Stage;
  readonly seconds: number;
}

/** What failed, a table of times, then the counts alone on the last line, in a form that machines read. */
export function report(reports: readonly StageReport[]): string {
  const rows = reports.map(({ stage, seconds, passed, failed, skipped, note }) =>
    [
      stage.title.padEnd(34),
      `${seconds.toFixed(0)} s`.padStart(7),
      `of ${stage.budgetSeconds} s`.padStart(9),
      `${passed} passed`.padStart(13),
      `${failed} failed`.padStart(11),
      skipped > 0 ? `${skipped} skipped` : "",
      seconds > stage.budgetSeconds ? "over its budget" : "",
      note ?? "",
    ]
      .join("  ")
      .trimEnd(),
  );
  return [...failed(reports), "", ...rows, "", summaryLine(reports)].join("\n");
}

function failed(reports: readonly StageReport[]): string[] {
  return reports
    .filter(({ failures = [] }) => failures.length > 0)
    .flatMap(({ stage, failures = [] }) => ["", `── failed: ${stage.title} ──`, ...failures]);
}

function summaryLine(reports: readonly StageResult[]): string {
  const sum = (pick: (result: StageResult) => number): number => reports.reduce((total, one) => total + pick(one), 0);
  const skipped = sum((one) => one.skipped);
  const counts = `${sum((one) => one.passed)} passed, ${sum((one) => one.failed)} failed`;
  return skipped > 0 ? `${counts}, ${skipped} skipped` : counts;
}

/** Right when nothing failed and something ran: a run without a test proves nothing. */
export function succeeded(reports: readonly StageResult[]): boolean {
  return reports.every((one) => one.failed === 0) && reports.some((one) => one.passed > 0);
}
