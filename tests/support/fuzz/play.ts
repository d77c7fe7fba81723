import { flawsOf, type Seen } from "./judge.ts";
import type { CallerName, RandomRequest } from "./requests.ts";

export interface Flaw {
  /** As curl would send it, for whoever looks into it. */
  readonly request: string;
  readonly answer: string;
  readonly flaws: readonly string[];
}

export interface Played {
  readonly flaws: readonly Flaw[];
  /** How many answers had this status or code. */
  readonly outcomes: ReadonlyMap<string, number>;
}

export interface PlayOptions {
  readonly baseUrl: string;
  /** undefined: no token. */
  readonly tokens: Readonly<Record<CallerName, string | undefined>>;
  /** Requests under way at once. */
  readonly lanes: number;
}

const PATIENCE_MS = 20_000;
const MAX_SHOWN = 600;

/** Sends every request, some at once, and judges every answer. */
export async function play(requests: readonly RandomRequest[], options: PlayOptions): Promise<Played> {
  const flaws: Flaw[] = [];
  const outcomes = new Map<string, number>();
  const waiting = requests.values();
  const lane = async (): Promise<void> => {
    for (const request of waiting) {
      const outcome = await playOne(request, options, flaws);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: options.lanes }, lane));
  return { flaws, outcomes };
}

async function playOne(request: RandomRequest, options: PlayOptions, flaws: Flaw[]): Promise<string> {
  const token = options.tokens[request.caller];
  const headers = { ...request.headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
  try {
    const seen = await send(request, options.baseUrl, headers);
    const found = flawsOf(request.operation, seen);
    if (found.length > 0)
      flaws.push({ request: show(request), answer: shorten(`${seen.status} ${seen.text}`), flaws: found });
    return `${seen.status} ${/"code":"(\w+)"/.exec(seen.text)?.[1] ?? ""}`.trim();
  } catch (error) {
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    flaws.push({ request: show(request), answer: String(cause), flaws: ["there was no answer"] });
    return "none";
  }
}

async function send(request: RandomRequest, baseUrl: string, headers: Record<string, string>): Promise<Seen> {
  const ended = new AbortController();
  const answer = await fetch(baseUrl + request.target, {
    method: request.operation.method,
    headers,
    body: request.body ?? null,
    signal: AbortSignal.any([ended.signal, AbortSignal.timeout(PATIENCE_MS)]),
    redirect: "manual",
  });
  const contentType = answer.headers.get("content-type") ?? "";
  // A stream of events ends when we have seen enough of it.
  const text = contentType.startsWith("text/event-stream") ? "" : await answer.text();
  ended.abort();
  return { status: answer.status, contentType, text };
}

function show({ operation, caller, target, headers, body }: RandomRequest): string {
  const text = body === undefined ? "" : typeof body === "string" ? body : `0x${Buffer.from(body).toString("hex")}`;
  return shorten(`[${caller}] ${operation.method} ${target} ${JSON.stringify(headers)} ${text}`);
}

function shorten(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}… (${text.length} characters)` : text;
}
