import type { Command } from "commander";
import { anchorOf, cutOf } from "../audit/anchor.ts";
import type { Findings } from "../audit/findings.ts";
import { checkOffline } from "../audit/offline.ts";
import { checkOnline } from "../audit/online.ts";
import { EXIT } from "../failure.ts";
import { type GatewayFlags, openGateway, withGateway } from "../gateway.ts";
import { callersPath, type Shell } from "../shell.ts";

interface VerifyFlags extends GatewayFlags {
  readonly anchor?: string;
  readonly anchorFile?: string;
  readonly after?: string;
  readonly json?: boolean;
}

/** stipend audit verify: is the log of privileged actions whole? */
export function addAudit(program: Command, shell: Shell): void {
  const audit = program.command("audit").description("the log of privileged actions");
  withGateway(audit.command("verify"))
    .description("checks the chain of the audit log: of the running system, or of exports without any system")
    .argument(
      "[files...]",
      "exports as CSV or JSON lines (.csv, .jsonl, .jsonl.gz), in the order of their rows; none: the running system",
    )
    .option("--anchor <seq:hash>", "a head that is known from elsewhere: the exports must contain it")
    .option(
      "--anchor-file <file>",
      "a file of heads, as STIPEND_AUDIT_ANCHOR_FILE names it: its furthest must be contained",
    )
    .option("--after <seq:hash>", "the last row before the exports, when they do not begin at 1")
    .option("--json", "the findings as one line of JSON")
    .action(async (files: string[], flags: VerifyFlags) => {
      const findings = files.length === 0 ? await online(shell, flags) : await offline(shell, files, flags);
      report(shell, findings, flags.json === true);
    });
}

async function online(shell: Shell, flags: VerifyFlags): Promise<Findings> {
  return await checkOnline(openGateway(shell, flags, ["auditor"]), await anchorOf(shell, flags));
}

async function offline(shell: Shell, files: readonly string[], flags: VerifyFlags): Promise<Findings> {
  const anchor = await anchorOf(shell, flags);
  if (anchor === null) shell.say("Without --anchor or --anchor-file a tail that was cut off can't be noticed.");
  const paths = files.map((file) => callersPath(shell, file));
  return await checkOffline(paths, anchor, cutOf(flags.after));
}

function report(shell: Shell, findings: Findings, asJson: boolean): void {
  const { valid, checked, firstBad, head } = findings;
  if (asJson) shell.print(JSON.stringify(findings));
  else if (valid) shell.print(`whole: ${checked} rows, the last is ${head.seq}:${head.hash}`);
  else if (firstBad !== null) {
    const { seq, id, kind, detail } = firstBad;
    shell.print(`row ${seq}${id === null ? "" : ` (${id})`} is bad: ${kind}: ${detail}`);
  }
  if (!valid) shell.end(EXIT.findings);
}
