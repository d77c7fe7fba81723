import { listTiers, type Tier } from "@stipend/proto/http/membership";
import { InvalidArgumentError } from "commander";
import type { z } from "zod";
import { CliFailure, EXIT } from "../failure.ts";
import { answerOf, type Gateway, type GatewayFlags, openGateway, unknownSystem, withGateway } from "../gateway.ts";
import { readCsv } from "../import/csv.ts";
import { count, printReport, type Report } from "../import/report.ts";
import { COLUMNS, type ImportRow, REQUIRED, rowsOf } from "../import/rows.ts";
import { MAX_BATCH, type Outcome, send } from "../import/send.ts";
import { runSteps, type Step, type Update } from "../progress.ts";
import { type AddCommand, callersPath, type Shell } from "../shell.ts";

interface Flags extends GatewayFlags {
  readonly dryRun?: boolean;
  readonly skipProblems?: boolean;
  readonly name: string;
  readonly reason: string;
  readonly timezone?: string;
  readonly batch: number;
  readonly json?: boolean;
}

const HELP = `
Columns (the first line names them; only user_id is needed, an empty field says nothing):
  user_id, email, name   who it is
  tier                   a tier of the system; empty: no member
  cycle                  monthly (default) or yearly
  started_at             the join day, which the periods are counted from; a date or a timestamp
  expires_at             the agreed end; also the end of the paid time of somebody who has cancelled
  balance                all credits the user has, what is left of this month's allowance included
  allowance_remaining    that part of balance; it lapses at the next reset, the rest lasts
  first_allowance        "due": this month is still to be given, on top of balance; "given": it was.
                         Empty: due where the line says nothing of credits, else given

First everything is judged by the running system, nothing written; problems are listed by line, and any stops the import.
A user is imported once under the import's name: the same file again, whole, in part or in another order, changes nothing,
so an import that was cut off is simply run again.

Exit code: 0 done (dry run: can be done), 1 problems, 2 wrong arguments or file, 3 system not reached, 4 token refused, 130 interrupted.`;

export const addImport: AddCommand = (program, shell) => {
  const command = program
    .command("import")
    .description("bring users, memberships and balances over from a CSV file")
    .argument("<file>", "CSV, UTF-8, with a header")
    .option("--dry-run", "judge everything, write nothing")
    .option("--skip-problems", "import the good lines although others have problems")
    .option("--name <name>", "of this import: a user is imported once under it", nameArgument, "move-in")
    .option("--reason <text>", "for the ledger and the audit log", "brought over from another system")
    .option("--timezone <zone>", "where a bare date is midnight; default: STIPEND_TIMEZONE, else UTC")
    .option("--batch <rows>", "lines in one call, 1 to 500", batchArgument, 200)
    .option("--json", "print the report as JSON")
    .addHelpText("after", HELP);
  withGateway(command).action((file: string, flags: Flags) => importFile(shell, file, flags));
};

function nameArgument(text: string): string {
  if (/^[A-Za-z0-9._-]{1,64}$/.test(text)) return text;
  throw new InvalidArgumentError("1-64 characters of A-Z a-z 0-9 . _ -");
}

function batchArgument(text: string): number {
  const rows = Number(text);
  if (Number.isInteger(rows) && rows >= 1 && rows <= MAX_BATCH) return rows;
  throw new InvalidArgumentError(`1-${MAX_BATCH}`);
}

async function importFile(shell: Shell, file: string, flags: Flags): Promise<void> {
  const interrupt = new AbortController();
  const stop = () => interrupt.abort();
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  try {
    const gateway = openGateway(shell, flags, ["admin"], interrupt.signal);
    const report: Report = { dryRun: flags.dryRun === true, lines: 0, rows: [], problems: [] };
    await runSteps(shell, stepsOf(shell, callersPath(shell, file), flags, gateway, report));
    printReport(shell, report, flags.json === true);
    if (report.problems.length > 0) shell.end(EXIT.findings);
  } finally {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  }
}

/** Each step adds what it found to the report. */
function stepsOf(shell: Shell, path: string, flags: Flags, gateway: Gateway, report: Report): Step[] {
  const read = async () => {
    const timeZone = timeZoneOf(flags.timezone ?? shell.env["STIPEND_TIMEZONE"] ?? "UTC");
    const file = readCsv(path, COLUMNS, REQUIRED);
    const { rows, problems } = rowsOf(file.lines, {
      tiers: await tiersOf(gateway),
      timeZone,
      key: `import:${flags.name}`,
    });
    report.lines = file.lines.length + file.problems.length;
    report.rows = rows;
    report.problems.push(...file.problems, ...problems);
    return `${count(report.lines, "line")}, ${count(report.problems.length, "problem")}`;
  };
  const judge = async (update: Update) => {
    report.judged = await sendAll(report.rows, true, update);
    report.problems.push(...report.judged.problems);
    return `${count(report.judged.done, "user")} to import, ${report.judged.before} imported before, ${count(report.judged.problems.length, "problem")}`;
  };
  const write = async (update: Update) => {
    if (report.problems.length > 0 && flags.skipProblems !== true) return "not begun, because of the problems";
    const bad = new Set(report.problems.map(({ line }) => line));
    report.imported = await sendAll(
      report.rows.filter(({ line }) => !bad.has(line)),
      false,
      update,
    );
    report.problems.push(...report.imported.problems);
    return `${count(report.imported.done, "user")}, ${count(report.imported.problems.length, "problem")}`;
  };
  const sendAll = (rows: readonly ImportRow[], dryRun: boolean, update: Update): Promise<Outcome> => {
    let sent = 0;
    const onProgress = (more: number) => {
      sent += more;
      update(`${sent} of ${rows.length}`);
    };
    return send(rows, { gateway, reason: flags.reason, batch: flags.batch, dryRun, onProgress });
  };
  const steps: Step[] = [
    { title: "read the file", run: read },
    { title: "ask the system", run: judge },
  ];
  return report.dryRun ? steps : [...steps, { title: "import", run: write }];
}

async function tiersOf({ api }: Gateway): Promise<ReadonlyMap<string, z.output<typeof Tier>>> {
  const what = `GET ${listTiers.path}`;
  const { data } = await answerOf(what, api.get(listTiers.path));
  const parsed = listTiers.responses[200].schema.safeParse(data);
  if (!parsed.success) throw unknownSystem(what);
  return new Map(parsed.data.data.map((tier) => [tier.tier, tier]));
}

function timeZoneOf(name: string): string {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    throw new CliFailure(EXIT.usage, `"${name}" is no time zone`, { advice: "Such as Europe/Berlin, or UTC." });
  }
}
