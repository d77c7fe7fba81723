import type { Shell } from "../shell.ts";
import type { Problem } from "./csv.ts";
import type { ImportRow } from "./rows.ts";
import type { Outcome } from "./send.ts";

/** What an import found and did. */
export interface Report {
  readonly dryRun: boolean;
  /** Lines with something in them, the header not counted. */
  lines: number;
  /** Those that are well formed. */
  rows: readonly ImportRow[];
  readonly problems: Problem[];
  /** What the system said before anything was written. */
  judged?: Outcome;
  /** Absent when nothing was to be written. */
  imported?: Outcome;
}

/** On standard output: every problem by its line, then what was in the file and what was done. */
export function printReport(shell: Shell, report: Report, json: boolean): void {
  const problems = report.problems.toSorted((a, b) => a.line - b.line);
  if (json) {
    shell.print(
      JSON.stringify({ dryRun: report.dryRun, lines: report.lines, ...figuresOf(report), problems }, null, 2),
    );
    return;
  }
  for (const { line, userId, column, code, message } of problems) {
    const whose = [userId, column].filter((part) => part !== undefined).join(", ");
    shell.print(`line ${line}${whose === "" ? "" : ` (${whose})`}: ${code}: ${message}`);
  }
  if (problems.length > 0) shell.print("");
  for (const line of summaryOf(report)) shell.print(line);
}

export function count(amount: number, what: string): string {
  return `${amount.toLocaleString("en")} ${what}${amount === 1 ? "" : "s"}`;
}

function figuresOf({ rows, imported, judged }: Report) {
  const openings = rows.flatMap(({ opening }) => opening ?? []);
  const tiers = Map.groupBy(rows, ({ person }) => person.membership?.tier);
  return {
    users: rows.length,
    members: Object.fromEntries([...tiers].flatMap(([tier, of]) => (tier === undefined ? [] : [[tier, of.length]]))),
    balances: openings.reduce((sum, { balance }) => sum + balance, 0),
    allowances: openings.reduce((sum, { allowance }) => sum + (allowance?.remaining ?? 0), 0),
    monthsDue: rows.filter(({ person, opening }) => person.membership !== undefined && opening?.allowance === undefined)
      .length,
    membersWithoutAllowanceRemaining: openings.filter(
      ({ balance, allowance }) => allowance !== undefined && allowance.remaining === 0 && balance > 0,
    ).length,
    judged: judged === undefined ? null : countsOf(judged),
    imported: imported === undefined ? null : countsOf(imported),
  };
}

function countsOf({ done, before, credits, memberships }: Outcome) {
  return { users: done, before, credits, memberships };
}

function summaryOf(report: Report): string[] {
  const figures = figuresOf(report);
  const members = Object.entries(figures.members).map(([tier, amount]) => `${tier} ${amount.toLocaleString("en")}`);
  const bad = new Set(report.problems.map(({ line }) => line)).size;
  const lasting = figures.membersWithoutAllowanceRemaining;
  return [
    `in the file   ${count(report.lines, "line")}, ${count(bad, "line")} with problems`,
    `members       ${members.length === 0 ? "none" : members.join(", ")}`,
    `credits       ${count(figures.balances, "credit")}, ${figures.allowances.toLocaleString("en")} of them left of this month's allowances`,
    ...(figures.monthsDue === 0
      ? []
      : [`              ${count(figures.monthsDue, "member")} will be given this month's allowance`]),
    ...(lasting === 0
      ? []
      : [
          `              the balances of ${count(lasting, "member")} last in full: nothing of them is said to be this month's allowance`,
        ]),
    conclusionOf(report),
  ];
}

function conclusionOf({ dryRun, judged, imported, problems }: Report): string {
  if (imported !== undefined) {
    const { done, before, credits, memberships } = imported;
    return `imported      ${count(done, "user")} now (${count(memberships, "membership")}, ${count(credits, "credit")}), ${before.toLocaleString("en")} before`;
  }
  const { done = 0, before = 0 } = judged ?? {};
  if (dryRun)
    return `dry run       ${count(done, "user")} can be imported, ${before.toLocaleString("en")} were before; nothing was written`;
  return problems.length > 0
    ? "imported      nothing: mend the problems, or import the other lines with --skip-problems"
    : "imported      nothing";
}
