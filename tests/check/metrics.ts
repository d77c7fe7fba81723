/**
 * Metrics stand in three places that must agree: the code that makes them, docs/operating.md that explains them, and the
 * dashboards and alert rules that use them. Everything here is a function of texts, so that a test can plant a breach.
 */
import type { Finding } from "./house.ts";

export type Kind = "counter" | "gauge" | "histogram";

export interface Metric {
  /** As Prometheus shows it; of a histogram without _bucket, _sum and _count. */
  readonly name: string;
  readonly kind: Kind;
  readonly path: string;
  readonly line: number;
}

export interface DocumentedMetric extends Metric {
  readonly labels: readonly string[];
}

/** What packages/platform/src/telemetry/metrics.ts makes of each call. */
const MAKERS: Readonly<Record<string, Kind>> = {
  counter: "counter",
  gauge: "gauge",
  gauges: "gauge",
  latency: "histogram",
  sizes: "histogram",
};

const MAKER_CALL = /(?<![.\w])(counter|gauges?|latency|sizes)\(\s*(["'`])([^"'`]*)\2/g;
const MAKERS_MODULE = /telemetry\/metrics(?:\.ts)?["']/;

/** Of one source file; a name that is put together at run time can be neither documented nor found. */
export function metricsInCode(path: string, text: string): { metrics: Metric[]; findings: Finding[] } {
  const metrics: Metric[] = [];
  const findings: Finding[] = [];
  if (!MAKERS_MODULE.test(text)) return { metrics, findings };
  for (const match of text.matchAll(MAKER_CALL)) {
    const [, maker = "", , short = ""] = match;
    const kind = MAKERS[maker] ?? "gauge";
    const line = lineOf(text, match.index);
    if (/^[a-z][a-z0-9_]*$/.test(short)) {
      metrics.push({ name: `stipend_${short}${kind === "counter" ? "_total" : ""}`, kind, path, line });
    } else {
      findings.push({ path, line, message: `a metric's name stands in the code as it is, in snake_case: ${short}` });
    }
  }
  return { metrics, findings };
}

/** Rows of the tables of metrics: | `name` | kind, unit | labels | what it means | what to do |. */
export function metricsInDocument(path: string, text: string): DocumentedMetric[] {
  return text.split("\n").flatMap((row, index) => {
    const cells = row.split(/(?<!\\)\|/).map((cell) => cell.trim());
    const name = /^`(stipend_\w+)`$/.exec(cells[1] ?? "")?.[1];
    const kind = /^(counter|gauge|histogram)\b/.exec(cells[2] ?? "")?.[1] as Kind | undefined;
    if (name === undefined || kind === undefined) return [];
    const labels = [...(cells[3] ?? "").matchAll(/`(\w+)`/g)].map((match) => match[1] ?? "");
    return [{ name, kind, labels, path, line: index + 1 }];
  });
}

/** What Prometheus adds by itself, or the scrape configuration. */
const COMMON_LABELS = new Set(["job", "instance", "service", "le"]);

/** Both ways: nothing undocumented, nothing documented that is not there. */
export function compareWithDocument(code: readonly Metric[], document: readonly DocumentedMetric[]): Finding[] {
  const documented = new Map(document.map((metric) => [metric.name, metric]));
  const made = new Set(code.map(({ name }) => name));
  const undocumented = code
    .filter(({ name, kind }) => documented.get(name)?.kind !== kind)
    .map(({ name, kind, path, line }) => ({ path, line, message: `no row of docs/operating.md for ${kind} ${name}` }));
  const gone = document
    .filter(({ name }) => !made.has(name))
    .map(({ name, path, line }) => ({ path, line, message: `${name} is in no code` }));
  // Prometheus would call ours exported_job.
  const taken = document
    .filter(({ labels }) => labels.some((label) => COMMON_LABELS.has(label)))
    .map(({ name, path, line }) => ({ path, line, message: `${name} has a label that Prometheus sets by itself` }));
  const twice = document
    .filter((metric) => documented.get(metric.name) !== metric)
    .map(({ name, path, line }) => ({ path, line, message: `${name} is documented twice` }));
  return [...undocumented, ...gone, ...taken, ...twice];
}

const USE = /\b(stipend_[a-z0-9_]+)(?:\{([^}]*)\})?/g;
const MATCHER = /(\w+)\s*(?:=~|!~|!=|=)/g;
const GROUPING = /\b(?:by|without|on|ignoring)\s*\(([^)]*)\)/g;

/** Every metric that an expression names is a documented one, with labels it has. */
export function judgeExpression(expression: string, document: readonly DocumentedMetric[]): string[] {
  const messages: string[] = [];
  const labels = new Set(COMMON_LABELS);
  for (const [, name = "", matchers = ""] of expression.matchAll(USE)) {
    const metric = document.find((each) => shownNames(each).includes(name));
    if (metric === undefined) {
      messages.push(`${name} is not in docs/operating.md`);
      continue;
    }
    for (const label of metric.labels) labels.add(label);
    for (const [, label = ""] of matchers.matchAll(MATCHER)) {
      if (!COMMON_LABELS.has(label) && !metric.labels.includes(label)) messages.push(`${name} has no label ${label}`);
    }
  }
  for (const [, grouping = ""] of expression.matchAll(GROUPING)) {
    for (const label of grouping.split(",").map((each) => each.trim())) {
      if (label !== "" && !labels.has(label)) messages.push(`nothing here has a label ${label}`);
    }
  }
  return messages;
}

function shownNames({ name, kind }: Metric): string[] {
  return kind === "histogram" ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];
}

/** GitHub's anchors of the headings of a document. */
export function anchorsOf(markdown: string): Set<string> {
  const headings = markdown.replace(/```[\s\S]*?```/g, "").matchAll(/^#{1,6} +(.+)$/gm);
  return new Set(
    [...headings].map(([, heading = ""]) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, "")
        .trim()
        .replaceAll(" ", "-"),
    ),
  );
}

function lineOf(text: string, index: number): number {
  return text.slice(0, index).split("\n").length;
}
