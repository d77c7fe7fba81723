import { existsSync, readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { keyFiles } from "@stipend/local/keys/dev-keys";
import { signToken } from "@stipend/local/keys/token";
import { pathsOf } from "@stipend/local/paths";
import { readSettings } from "@stipend/local/settings";
import { ConfigError } from "@stipend/platform/config/config";
import type { Command } from "commander";
import { z } from "zod";
import { CliFailure, EXIT } from "./failure.ts";
import { callersPath, type Shell } from "./shell.ts";

export interface GatewayFlags {
  readonly url?: string;
  readonly token?: string;
  readonly tokenFile?: string;
}

/** One call, as often as needed; an answer is final when it is not about the moment (429, 502, 503, 504). */
export interface Call {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly body?: unknown;
  /** May be sent again when no answer came: a read, or a write that the system does once however often it comes. */
  readonly repeatable: boolean;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Longest wait for one answer, and for a system that is away or busy, all tries together. */
const ANSWER_MS = 60_000;
const PATIENCE_MS = 60_000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;
const OF_THE_MOMENT: ReadonlySet<number> = new Set([429, 502, 503, 504]);
/** A development token is made anew for each stretch of this many seconds: a long run outlives no token. */
const DEV_TOKEN_SECONDS = 3_600;

const ProblemBody = z.object({ code: z.string(), detail: z.string().optional(), title: z.string().optional() });

/** Adds the flags by which a command finds the system. */
export function withGateway(command: Command): Command {
  return command
    .option("--url <url>", "the gateway; default: STIPEND_URL, else the system of this checkout")
    .option("--token-file <file>", "a file that holds the token")
    .option("--token <jwt>", "the token itself; others can read it in the list of processes: prefer STIPEND_TOKEN");
}

/** The gateway of a running system, called as somebody with these roles. */
export class Gateway {
  readonly url: string;
  readonly #token: () => Promise<string>;
  readonly #signal: AbortSignal | undefined;

  constructor(url: string, token: () => Promise<string>, signal?: AbortSignal) {
    this.url = url;
    this.#token = token;
    this.#signal = signal;
  }

  /**
   * Sends the call, again while the system is away or busy, at most for a minute.
   * @returns the answer, whatever its status, unless it is one of the moment or of the token.
   * @throws CliFailure unreachable, denied, or interrupted.
   */
  async call(call: Call): Promise<Answer> {
    const giveUpAt = performance.now() + PATIENCE_MS;
    for (let wait = FIRST_PAUSE_MS; ; wait = Math.min(LONGEST_PAUSE_MS, wait * 2)) {
      const tried = await this.#once(call);
      if (tried.ok) return tried.answer;
      if (!tried.again || performance.now() + wait > giveUpAt) {
        throw new CliFailure(EXIT.unreachable, `${call.method} ${this.url}${call.path}: ${tried.why}`, {
          advice: "Is the system up (npm start), and the address right? What was acknowledged before stays done.",
          cause: tried.cause,
        });
      }
      await this.#sleep(Math.max(wait, tried.notBeforeMs));
    }
  }

  async #once(call: Call) {
    const token = await this.#token();
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${this.url}${call.path}`, {
        method: call.method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(call.body === undefined ? {} : { "content-type": "application/json" }),
        },
        body: call.body === undefined ? null : JSON.stringify(call.body),
        signal: this.#bounded(),
      });
      text = await response.text();
    } catch (cause) {
      this.#endWhenInterrupted();
      return { ok: false, again: call.repeatable, why: wordsOf(cause), notBeforeMs: 0, cause } as const;
    }
    const answer = { status: response.status, body: parse(text) };
    if (answer.status === 401 || answer.status === 403) throw denied(call, answer);
    if (!OF_THE_MOMENT.has(answer.status)) return { ok: true, answer } as const;
    const seconds = Number(response.headers.get("retry-after") ?? "0");
    const notBeforeMs = Number.isFinite(seconds) ? Math.min(seconds, 30) * 1_000 : 0;
    // 429 says that nothing was done, so even a call that must not be repeated may be sent again.
    const again = call.repeatable || answer.status === 429;
    return { ok: false, again, why: describe(answer), notBeforeMs, cause: undefined } as const;
  }

  #bounded(): AbortSignal {
    const timeout = AbortSignal.timeout(ANSWER_MS);
    return this.#signal === undefined ? timeout : AbortSignal.any([timeout, this.#signal]);
  }

  async #sleep(ms: number): Promise<void> {
    await pause(ms, undefined, this.#signal === undefined ? {} : { signal: this.#signal }).catch(() => undefined);
    this.#endWhenInterrupted();
  }

  #endWhenInterrupted(): void {
    if (this.#signal?.aborted === true) {
      throw new CliFailure(EXIT.interrupted, "interrupted", {
        advice: "What was acknowledged stays done; run the same command again to go on.",
      });
    }
  }
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
  if (given !== undefined) return new Gateway(url, () => Promise.resolve(given), signal);
  const keys = pathsOf(settings.home).keys;
  if (!isLoopback(url) || !existsSync(keyFiles(keys).issuerPrivate)) {
    throw new CliFailure(EXIT.denied, `there is no token for ${url}`, {
      advice: `Put one with the roles ${roles.join(", ")} into STIPEND_TOKEN, or name its file with --token-file.`,
    });
  }
  return new Gateway(url, developmentToken(keys, roles), signal);
}

/** The words of a refusal: its code and what was said about it. */
export function describe(answer: Answer): string {
  const problem = ProblemBody.safeParse(answer.body);
  if (!problem.success) return `status ${answer.status}`;
  const { code, detail, title } = problem.data;
  return `${answer.status} ${code}: ${detail ?? title ?? ""}`;
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

function developmentToken(keys: string, roles: readonly string[]): () => Promise<string> {
  let made: { token: Promise<string>; until: number } | undefined;
  return () => {
    if (made === undefined || performance.now() > made.until) {
      const token = signToken(keys, { user: "stipend-cli", roles, ttlSeconds: DEV_TOKEN_SECONDS });
      made = { token, until: performance.now() + (DEV_TOKEN_SECONDS * 1_000) / 2 };
    }
    return made.token;
  };
}

function denied(call: Call, answer: Answer): CliFailure {
  return new CliFailure(EXIT.denied, `${call.method} ${call.path}: ${describe(answer)}`, {
    advice: "Give a token that is valid and has the role; then run the same command again.",
  });
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
