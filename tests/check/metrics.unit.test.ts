import { describe, expect, test } from "vitest";
import { anchorsOf, compareWithDocument, judgeExpression, metricsInCode, metricsInDocument } from "./metrics.ts";
import { judgeAlertNames, judgeDashboard, judgeRules } from "./metrics-part.ts";

const IMPORT = `import { counter, gauge, latency } from "@stipend/platform/telemetry/metrics";\n`;
const CODE = `${IMPORT}
const spent = counter("spent", "Credits spent");
const wait = latency(
  "wait_seconds",
  "How long",
);
gauge("waiting", "Now", () => 1);
`;
const DOCUMENT = `
# How

| metric | kind, unit | labels | what | when |
| --- | --- | --- | --- | --- |
| \`stipend_spent_total\` | counter, credits | \`feature\`, \`outcome\` | what | |
| \`stipend_wait_seconds\` | histogram, s | | what | \`StipendSlow\` |
| \`stipend_waiting\` | gauge, operations | | what | |

#### StipendSlow
`;
const documented = metricsInDocument("doc.md", DOCUMENT);
const messages = (found: readonly { readonly message: string }[]) => found.map(({ message }) => message);

describe("code and document", () => {
  test("agree when each metric has a row of its kind", () => {
    const { metrics, findings } = metricsInCode("a.ts", CODE);
    expect(findings).toEqual([]);
    expect(metrics.map(({ name, kind }) => [name, kind])).toEqual([
      ["stipend_spent_total", "counter"],
      ["stipend_wait_seconds", "histogram"],
      ["stipend_waiting", "gauge"],
    ]);
    expect(compareWithDocument(metrics, documented)).toEqual([]);
  });

  test("a metric without a row, with a row of another kind, and a row without a metric are told", () => {
    const { metrics } = metricsInCode("a.ts", `${IMPORT}counter("new", "x"); counter("wait_seconds", "x");`);
    const text = messages(compareWithDocument(metrics, documented)).join("\n");
    expect(text).toContain("no row of docs/operating.md for counter stipend_new_total");
    expect(text).toContain("stipend_spent_total is in no code");
    const asGauge = metricsInCode("a.ts", `${IMPORT}gauge("wait_seconds", "x", read);`);
    expect(messages(compareWithDocument(asGauge.metrics, documented))[0]).toContain("for gauge stipend_wait_seconds");
  });

  test("a label that Prometheus sets by itself is told", () => {
    const clash = metricsInDocument("doc.md", DOCUMENT.replace("`outcome`", "`job`"));
    const { metrics } = metricsInCode("a.ts", CODE);
    expect(messages(compareWithDocument(metrics, clash))).toEqual([
      "stipend_spent_total has a label that Prometheus sets by itself",
    ]);
  });

  test("a row that stands twice is told", () => {
    const twice = metricsInDocument("doc.md", DOCUMENT + DOCUMENT);
    const { metrics } = metricsInCode("a.ts", CODE);
    expect(messages(compareWithDocument(metrics, twice))).toContain("stipend_waiting is documented twice");
  });

  test("a name that is made at run time can't be documented; other libraries' counters are none of ours", () => {
    const made = metricsInCode("a.ts", `${IMPORT}counter(\`\${name}_lost\`, "x");`);
    expect(messages(made.findings)[0]).toContain("stands in the code as it is");
    expect(metricsInCode("a.ts", `counter("foreign", "x");`).metrics).toEqual([]);
  });
});

describe("an expression", () => {
  test.each([
    ['sum by (outcome) (rate(stipend_spent_total{feature="x",service=~"a|b"}[5m]))'],
    ["histogram_quantile(0.9, sum by (le) (rate(stipend_wait_seconds_bucket[5m])))"],
    ["max(stipend_waiting) > 3"],
  ])("is right: %s", (expression) => {
    expect(judgeExpression(expression, documented)).toEqual([]);
  });

  test.each([
    ["rate(stipend_gone_total[5m])", "stipend_gone_total is not in docs/operating.md"],
    ["rate(stipend_wait_seconds[5m])", "stipend_wait_seconds is not in docs/operating.md"],
    ["stipend_waiting_bucket", "stipend_waiting_bucket is not in docs/operating.md"],
    ['stipend_spent_total{user="x"}', "stipend_spent_total has no label user"],
    ["sum by (user) (stipend_spent_total)", "nothing here has a label user"],
  ])("is wrong: %s", (expression, message) => {
    expect(judgeExpression(expression, documented)).toEqual([message]);
  });
});

describe("rules and dashboards", () => {
  const rule = (over: Record<string, unknown> = {}) =>
    JSON.stringify({
      groups: [
        {
          rules: [
            {
              alert: "StipendSlow",
              expr: "stipend_waiting > 1",
              labels: { severity: "warning" },
              annotations: { summary: "slow", runbook: "docs/operating.md#stipendslow" },
              ...over,
            },
          ],
        },
      ],
    });
  const judge = (text: string) => messages(judgeRules(text, documented, anchorsOf(DOCUMENT)).findings);

  test("a rule leads to its heading", () => {
    expect(judge(rule())).toEqual([]);
    expect(judge(rule({ alert: "StipendFast" }))[0]).toContain("its runbook is the heading StipendFast");
    expect(judge(rule({ labels: { severity: "loud" } }))[0]).toContain("severity is");
    expect(judge(rule({ expr: "stipend_gone > 1" }))[0]).toContain("stipend_gone is not in");
  });

  test("the document names no alert that there is not", () => {
    expect(messages(judgeAlertNames(DOCUMENT, ["StipendSlow"]))).toEqual([]);
    expect(messages(judgeAlertNames(DOCUMENT, []))).toEqual([
      "there is no alert StipendSlow",
      "there is no alert StipendSlow",
    ]);
  });

  test("a panel's metric is documented", () => {
    const board = (expr: string) => JSON.stringify({ panels: [{ title: "row" }, { title: "P", targets: [{ expr }] }] });
    expect(judgeDashboard("d.json", board("stipend_waiting"), documented)).toEqual([]);
    expect(messages(judgeDashboard("d.json", board("stipend_gone"), documented))).toEqual([
      "P: stipend_gone is not in docs/operating.md",
    ]);
  });
});
