/** The launcher's commands; `bootstrap.mjs` calls this once the Node packages stand. */
import { Command, InvalidArgumentError } from "commander";
import { runSupervised, type StartOptions } from "./commands/detached.ts";
import { start } from "./commands/start.ts";
import { status } from "./commands/status.ts";
import { stop } from "./commands/stop.ts";
import { token } from "./commands/token.ts";
import { describeFailure } from "./errors.ts";
import { installEngines } from "./install/install-engines.ts";
import { parseTtl } from "./keys/token.ts";
import { PlainReporter } from "./report/plain.ts";

interface TokenFlags {
  user: string;
  role: string[];
  ttl: number;
  aud?: string;
  iss?: string;
  email?: string;
}

function ttlArgument(text: string): number {
  try {
    return parseTtl(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

function exitWith(code: number): void {
  process.exitCode = code;
  // the bootstrap's channel would keep this process alive
  if (process.connected) process.disconnect();
}

const program = new Command("stipend").description("Runs a whole Stipend on this machine.");

program
  .command("start")
  .description("start engines and services; Ctrl-C stops everything")
  .option("--detach", "return once all is ready; `npm stop` ends it")
  .option("--fresh", "begin with empty data")
  .option("--no-traces", "run without Zipkin")
  .option("--supervised", "internal: be the background launcher")
  .action(async (options: StartOptions & { supervised?: boolean }) => {
    exitWith(options.supervised ? await runSupervised(options) : await start(options));
  });

program
  .command("stop")
  .description("stop what runs in STIPEND_HOME")
  .action(async () => exitWith(await stop()));
program
  .command("status")
  .description("what runs in STIPEND_HOME, with memory")
  .action(() => exitWith(status()));

program
  .command("install")
  .description("install what the engines need, start nothing")
  .action(async () => {
    await installEngines(new PlainReporter((line) => process.stderr.write(`${line}\n`)));
  });

program
  .command("token")
  .description("print a development JWT")
  .requiredOption("--user <id>", "the subject (sub)")
  .option(
    "--role <role>",
    "may be given several times: user, support, admin, auditor, service",
    (role, all: string[]) => [...all, role],
    [],
  )
  .option("--ttl <time>", "time to live: 30s, 15m, 1h, 2d; a minus makes an expired token", ttlArgument, parseTtl("1h"))
  .option("--aud <audience>", "another audience")
  .option("--iss <issuer>", "another issuer")
  .option("--email <address>", "the optional e-mail claim")
  .action(async (flags: TokenFlags) => {
    const { user, role, ttl, aud, iss, email } = flags;
    exitWith(
      await token({
        user,
        roles: role,
        ttlSeconds: ttl,
        ...(aud ? { audience: aud } : {}),
        ...(iss ? { issuer: iss } : {}),
        ...(email ? { email } : {}),
      }),
    );
  });

// A terminal or pipe that has gone must not keep a launcher from stopping what it started.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`\n${describeFailure(error)}\n\n`);
  exitWith(1);
}
