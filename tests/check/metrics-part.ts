import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import type { Finding } from "./house.ts";
import {
  anchorsOf,
  compareWithDocument,
  type DocumentedMetric,
  judgeExpression,
  metricsInCode,
  metricsInDocument,
} from "./metrics.ts";
import { type PartResult, ROOT, runTool } from "./part.ts";

const DOCUMENT = "docs/operating.md";
const RULES = "deploy/prometheus/rules.yml";
const DASHBOARDS = /^deploy\/grafana\/dashboards\/[^/]+\.json$/;
const SOURCES = /^(?:services|packages)\/[^/]+\/src\/.*\.ts$/;

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels?: { readonly severity?: string };
  readonly annotations?: { readonly summary?: string; readonly runbook?: string };
}

/** Every rule is about metrics that exist, says how bad it is, and leads to a heading that says what to do. */
export function judgeRules(text: string, document: readonly DocumentedMetric[], anchors: ReadonlySet<string>) {
  const { groups } = parse(text) as { groups: { rules: Rule[] }[] };
  const rules = groups.flatMap((group) => group.rules);
  const line = (alert: string) => text.slice(0, text.indexOf(`alert: ${alert}\n`)).split("\n").length;
  const findings = rules.flatMap(({ alert, expr, labels, annotations }): Finding[] => {
    const messages = judgeExpression(expr, document);
    if (!["critical", "warning"].includes(labels?.severity ?? "")) messages.push("severity is critical or warning");
    if ((annotations?.summary ?? "") === "") messages.push("has no summary");
    const anchor = alert.toLowerCase();
    if (annotations?.runbook !== `${DOCUMENT}#${anchor}` || !anchors.has(anchor)) {
      messages.push(`its runbook is the heading ${alert} of ${DOCUMENT}`);
    }
    return messages.map((message) => ({ path: RULES, line: line(alert), message: `${alert}: ${message}` }));
  });
  return { findings, alerts: rules.map(({ alert }) => alert) };
}

/** A document that sends people to an alert there is not. */
export function judgeAlertNames(text: string, alerts: readonly string[]): Finding[] {
  return text.split("\n").flatMap((row, index) =>
    [...row.matchAll(/`(Stipend[A-Z]\w+)`|^#+ (Stipend[A-Z]\w+)$/g)]
      .map((match) => match[1] ?? match[2] ?? "")
      .filter((name) => !alerts.includes(name))
      .map((name) => ({ path: DOCUMENT, line: index + 1, message: `there is no alert ${name}` })),
  );
}

export function judgeDashboard(path: string, text: string, document: readonly DocumentedMetric[]): Finding[] {
  const { panels } = JSON.parse(text) as { panels: { title: string; targets?: { expr: string }[] }[] };
  return panels.flatMap(({ title, targets = [] }) =>
    targets.flatMap(({ expr }) =>
      judgeExpression(expr, document).map((message) => ({
        path,
        line: lineOf(text, `"title": ${JSON.stringify(title)}`),
        message: `${title}: ${message}`,
      })),
    ),
  );
}

export async function checkMetrics(): Promise<PartResult> {
  const { output } = await runTool("git", ["ls-files", "--cached", "--others", "--exclude-standard"]);
  const files = output.split("\n");
  const read = (path: string) => readFile(join(ROOT, path), "utf8");
  const text = await read(DOCUMENT);
  const document = metricsInDocument(DOCUMENT, text);
  const sources = await Promise.all(
    files.filter((path) => SOURCES.test(path)).map(async (path) => metricsInCode(path, await read(path))),
  );
  const dashboards = await Promise.all(
    files.filter((path) => DASHBOARDS.test(path)).map(async (path) => judgeDashboard(path, await read(path), document)),
  );
  const rules = judgeRules(await read(RULES), document, anchorsOf(text));
  const found = [
    ...sources.flatMap(({ findings }) => findings),
    ...compareWithDocument(
      sources.flatMap(({ metrics }) => metrics),
      document,
    ),
    ...rules.findings,
    ...judgeAlertNames(text, rules.alerts),
    ...dashboards.flat(),
  ];
  return {
    ok: found.length === 0,
    output: found.map((each) => `  ${each.path}:${each.line} ${each.message}`).join("\n"),
  };
}

function lineOf(text: string, what: string): number {
  return text.slice(0, Math.max(0, text.indexOf(what))).split("\n").length;
}
