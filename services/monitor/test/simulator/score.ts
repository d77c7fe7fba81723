import type { Label } from "./world.ts";

export interface RuleScore {
  readonly rule: string;
  readonly injected: number;
  readonly found: number;
  readonly falseAlerts: number;
}

export interface Score {
  readonly rules: readonly RuleScore[];
  readonly missed: readonly string[];
  readonly wrong: readonly string[];
}

/** Holds the alerts against the labels; a label that ends with `*` is met by any that begins so. */
export function scoreOf(labels: readonly Label[], fingerprints: readonly string[]): Score {
  const meets = (label: string, fingerprint: string) =>
    label.endsWith("*") ? fingerprint.startsWith(label.slice(0, -1)) : fingerprint === label;
  const exact = new Set(labels.map(({ fingerprint }) => fingerprint));
  const begins = labels.map(({ fingerprint }) => fingerprint).filter((text) => text.endsWith("*"));
  const also = labels.flatMap((label) => label.also);
  const told = new Set(fingerprints);
  const isWanted = (fingerprint: string) =>
    exact.has(fingerprint) ||
    begins.some((label) => meets(label, fingerprint)) ||
    also.some((start) => fingerprint.startsWith(start));
  const missed = labels
    .map(({ fingerprint }) => fingerprint)
    .filter((label) =>
      label.endsWith("*") ? !fingerprints.some((fingerprint) => meets(label, fingerprint)) : !told.has(label),
    );
  const wrong = [...told].filter((fingerprint) => !isWanted(fingerprint));
  const ruleOf = (fingerprint: string) => fingerprint.slice(0, fingerprint.indexOf(":"));
  const rules = [...new Set([...labels.map(({ rule }) => rule), ...wrong.map(ruleOf)])].sort();
  return {
    rules: rules.map((rule) => {
      const injected = new Set(labels.filter((label) => label.rule === rule).map(({ fingerprint }) => fingerprint))
        .size;
      return {
        rule,
        injected,
        found: injected - new Set(missed.filter((label) => ruleOf(label) === rule)).size,
        falseAlerts: wrong.filter((fingerprint) => ruleOf(fingerprint) === rule).length,
      };
    }),
    missed,
    wrong,
  };
}

export function tableOf({ rules }: Score): string {
  const lines = [["rule", "injected", "found", "false alerts"]];
  for (const { rule, injected, found, falseAlerts } of rules) {
    lines.push([rule, String(injected), String(found), String(falseAlerts)]);
  }
  const total = (of: (score: RuleScore) => number) => String(rules.reduce((sum, each) => sum + of(each), 0));
  lines.push(["all", total((each) => each.injected), total((each) => each.found), total((each) => each.falseAlerts)]);
  return lines
    .map(([name = "", ...rest]) => name.padEnd(26) + rest.map((cell) => cell.padStart(14)).join(""))
    .join("\n");
}
