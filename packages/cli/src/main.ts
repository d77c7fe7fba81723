/** npm run stipend -- <command>: what operators do with a system that runs. Each command is a file of commands/. */
import { Command, CommanderError } from "commander";
import { addAudit } from "./commands/audit.ts";
import { addDlq } from "./commands/dlq.ts";
import { addImport } from "./commands/import.ts";
import { addNotify } from "./commands/notify.ts";
import { CliFailure, EXIT } from "./failure.ts";
import type { AddCommand, Shell } from "./shell.ts";

/** In the order of the help page. */
const COMMANDS: readonly AddCommand[] = [addImport, addDlq, addAudit, addNotify];

const shell: Shell = {
  env: process.env,
  interactive: process.stdout.isTTY === true && process.stderr.isTTY === true,
  print: (line) => void process.stdout.write(`${line}\n`),
  say: (line) => void process.stderr.write(`${line}\n`),
  end: (code) => {
    process.exitCode = code;
  },
};

function report(error: unknown): void {
  if (error instanceof CommanderError) {
    // commander has said what is wrong; help and version end with 0
    shell.end(error.exitCode === 0 ? EXIT.done : EXIT.usage);
    return;
  }
  if (!(error instanceof CliFailure)) throw error;
  shell.say(`\nstipend: ${error.message}`);
  if (error.advice !== undefined) shell.say(`What to do: ${error.advice}`);
  shell.end(error.exit);
}

// A pipe that was closed (`| head`) is no reason to fail.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);

const program = new Command("stipend").description("Works with a Stipend that runs.").exitOverride();
for (const add of COMMANDS) add(program, shell);

try {
  await program.parseAsync();
} catch (error) {
  report(error);
}
