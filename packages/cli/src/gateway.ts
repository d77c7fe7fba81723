import { existsSync, readFileSync } from "node:fs";
import { StipendClient } from "@stipend/client";
import { ApiProblem, Cancelled, StipendError, UnexpectedAnswer } from "@stipend/client/errors";
import type { TokenSource } from "@stipend/client/transport";
import { keyFiles } from "@stipend/local/keys/dev-keys";
import { signToken } from "@stipend/local/keys/token";
import { pathsOf } from "@stipend/local/paths";
import { readSettings } from "@stipend/local/settings";
import { ConfigError } from "@stipend/platform/config/config";
import type { Command } from "commander";
import { CliFailure, EXIT } from "./failure.ts";
import { callersPath, type Shell } from "./shell.ts";

export interface GatewayFlags {
  readonly url?: string;
  readonly token?: string;
  readonly tokenFile?: string;
}

/** Longest wait for one answer, and for a system that is away or busy, all tries together. */
const ANSWER_MS = 60_000;
const RETRIES = { attempts: Number.POSITIVE_INFINITY, firstPauseMs: 250, longestPauseMs: 5_000, forMs: 60_000 };
/** Refusals about the moment, not about the call. */
const OF_THE_MOMENT: ReadonlySet<number> = new Set([429, 502, 503, 504]);
/** A development token is made anew when it has run out: a long run outlives it. */
const DEV_TOKEN_SECONDS = 3_600;

/** Adds the flags by which a command finds the system. */
export function withGateway(command: Command): Command {
  return command
    .option("--url <url>", "the gateway; default: STIPEND_URL, else the system of this checkout")
    .option("--token-file <file>", "a file that holds the token")
    .option("--token <jwt>", "the token itself; others can read it in the list of processes: prefer STIPEND_TOKEN");
}

/** A running system, called as somebody with these roles. */
export interface Gateway {
  readonly url: string;
  readonly api: StipendClient;
}

/**
 * Finds the system and a token for it: by flag, by environment, and for the system of this checkout a token made from
 * its development keys, the way `npm run token` does.
 *
 * @param roles what a development token is given.
 * @throws CliFailure usage or denied when there is no address or no token.
 */
export function openGateway(
  shell: Shell,
  flags: GatewayFlags,
  roles: readonly string[],
  signal?: AbortSignal,
): Gateway {
  const settings = settingsOf(shell);
  const local = `http://127.0.0.1:${settings.ports.services.gateway}`;
  const url = plainUrl(flags.url ?? shell.env["STIPEND_URL"] ?? local);
  const given = givenToken(shell, flags);
  if (given !== undefined) return gatewayAt(url, given, signal);
  const keys = pathsOf(settings.home).keys;
  if (!isLoopback(url) || !existsSync(keyFiles(keys).issuerPrivate)) {
    throw new CliFailure(EXIT.denied, `there is no token for ${url}`, {
      advice: `Put one with the roles ${roles.join(", ")} into STIPEND_TOKEN, or name its file with --token-file.`,
    });
  }
  const make = () => signToken(keys, { user: "stipend-cli", roles, ttlSeconds: DEV_TOKEN_SECONDS });
  return gatewayAt(url, make, signal);
}

/** @param signal ends every call: the person at the terminal has had enough. */
export function gatewayAt(url: string, token: TokenSource, signal?: AbortSignal): Gateway {
  const api = new StipendClient({
    baseUrl: url,
    token,
    timeoutMs: ANSWER_MS,
    retries: RETRIES,
    ...(signal === undefined ? {} : { signal }),
  });
  return { url, api };
}

/**
 * The answer of one call.
 *
 * @param what is called, for messages: "GET /api/admin/tiers".
 * @param refused what a refusal means that is about neither the moment nor the token. Default: the system is not the one
 *   this command was made for.
 * @throws CliFailure unreachable, denied, interrupted, or what `refused` says.
 */
export async function answerOf<T>(
  what: string,
  call: Promise<T>,
  refused: (problem: StipendError) => CliFailure = (problem) => unknownSystem(what, problem),
): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof StipendError)) throw error;
    throw failureOf(what, error) ?? refused(error);
  }
}

/** An answer, or a refusal, that the system this command was made for would not give. */
export function unknownSystem(what: string, problem?: StipendError): CliFailure {
  const why = problem === undefined ? "the answer is not what it should be" : wordsOf(problem);
  return new CliFailure(EXIT.unreachable, `${what}: ${why}`, {
    advice:
      "Is this the address of a Stipend gateway, of the same version as this command? What was acknowledged stays done.",
    cause: problem,
  });
}

function failureOf(what: string, error: StipendError): CliFailure | undefined {
  if (error instanceof Cancelled) {
    return new CliFailure(EXIT.interrupted, "interrupted", {
      advice: "What was acknowledged stays done; run the same command again to go on.",
    });
  }
  const status = error instanceof ApiProblem || error instanceof UnexpectedAnswer ? error.status : undefined;
  if (status === 401 || status === 403) {
    return new CliFailure(EXIT.denied, `${what}: ${wordsOf(error)}`, {
      advice: "Give a token that is valid and has the role; then run the same command again.",
      cause: error,
    });
  }
  if (status !== undefined && !OF_THE_MOMENT.has(status)) return undefined;
  return new CliFailure(EXIT.unreachable, `${what}: ${wordsOf(error)}`, {
    advice: "Is the system up (npm start), and the address right? What was acknowledged before stays done.",
    cause: error,
  });
}

function settingsOf(shell: Shell) {
  try {
    return readSettings(shell.env);
  } catch (error) {
    if (error instanceof ConfigError) throw new CliFailure(EXIT.usage, error.message);
    throw error;
  }
}

function plainUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new CliFailure(EXIT.usage, `"${text}" is no address of a gateway`, { advice: "Such as https://api.example" });
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
}

function isLoopback(url: string): boolean {
  return ["127.0.0.1", "localhost", "[::1]"].includes(new URL(url).hostname);
}

function givenToken(shell: Shell, flags: GatewayFlags): string | undefined {
  if (flags.token !== undefined) return flags.token;
  if (flags.tokenFile === undefined) return shell.env["STIPEND_TOKEN"] || undefined;
  try {
    return readFileSync(callersPath(shell, flags.tokenFile), "utf8").trim();
  } catch (cause) {
    throw new CliFailure(EXIT.usage, `the token's file can't be read: ${wordsOf(cause)}`, { cause });
  }
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
