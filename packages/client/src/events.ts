import { createParser, type EventSourceMessage } from "eventsource-parser";
import { ApiProblem, Cancelled, NoAnswer, UnexpectedAnswer } from "./errors.ts";
import { pause } from "./pause.ts";
import type { Opened } from "./transport.ts";
import type { Schemas } from "./types.ts";

export type StipendEvent =
  | { readonly type: "credits"; readonly id: string; readonly data: Schemas["CreditsEvent"] }
  | { readonly type: "membership"; readonly id: string; readonly data: Schemas["MembershipEvent"] };

/** What a console shows as it happens: first `alerts`, all that are open; none of them names a user. */
export type StaffEvent =
  | { readonly type: "alerts"; readonly data: Schemas["OpenAlertsEvent"] }
  | { readonly type: "alert"; readonly data: Schemas["AlertEvent"] }
  | { readonly type: "activity"; readonly data: Schemas["ActivityEvent"] };

export interface StreamOptions {
  readonly signal?: AbortSignal;
  /** Told when the stream is open and when it is lost and will be opened again; for a sign in the window. */
  readonly onState?: (state: "open" | "lost", error?: unknown) => void;
}

export interface EventOptions extends StreamOptions {
  /** The id of the newest event known: what it tells is not told again. */
  readonly lastEventId?: string;
}

export type OpenStream = (headers: Readonly<Record<string, string>>, signal: AbortSignal) => Promise<Opened>;

/** The API sends a heartbeat every 15 s: three of them missed, and the connection is dead without saying so. */
const SILENCE_MS = 45_000;
/** Before the first try to come back, unless the stream itself says otherwise (`retry:`). */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
/** A stream that lived this long, or told something, was a good one: the next pause is the first again. */
const STEADY_MS = 10_000;
/** Characters of one event: far above any honest one. */
const MAX_EVENT_CHARS = 1_048_576;

/** The caller's changes; undefined for kinds that this version does not know. */
export function stipendEvent({ event, id, data }: EventSourceMessage): StipendEvent | undefined {
  if (id === undefined || (event !== "credits" && event !== "membership")) return undefined;
  return { type: event, id, data: JSON.parse(data) } as StipendEvent;
}

/** What consoles are told; undefined for kinds that this version does not know. */
export function staffEvent({ event, data }: EventSourceMessage): StaffEvent | undefined {
  if (event !== "alerts" && event !== "alert" && event !== "activity") return undefined;
  return { type: event, data: JSON.parse(data) } as StaffEvent;
}

/** One stream after the other, each going on where the one before ended. */
export async function* readEvents<E extends { readonly id?: string }>(
  open: OpenStream,
  read: (message: EventSourceMessage) => E | undefined,
  options: EventOptions,
): AsyncGenerator<E> {
  const { signal, onState } = options;
  const stopped = (): boolean => signal?.aborted === true;
  const place = { lastEventId: options.lastEventId, pauseMs: FIRST_PAUSE_MS };
  let failed = 0;
  while (!stopped()) {
    let cause: unknown;
    const began = performance.now();
    try {
      for await (const event of oneStream({ open, read }, place, signal, () => onState?.("open"))) {
        failed = 0;
        yield event;
      }
    } catch (error) {
      if (stopped() || error instanceof Cancelled) return;
      if (!worthComingBack(error)) throw error;
      cause = error;
    }
    onState?.("lost", cause);
    failed = performance.now() - began > STEADY_MS ? 1 : failed + 1;
    const asked = cause instanceof ApiProblem ? (cause.retryAfterSeconds ?? 0) * 1_000 : 0;
    const backOff = Math.min(LONGEST_PAUSE_MS, place.pauseMs * 2 ** Math.min(failed - 1, 10));
    await pause(Math.max(asked, backOff * (0.5 + Math.random() / 2)), signal);
  }
}

interface Place {
  lastEventId: string | undefined;
  pauseMs: number;
}

/** Ends when the server ends the stream; throws when it breaks or falls silent. */
async function* oneStream<E extends { readonly id?: string }>(
  { open, read }: { readonly open: OpenStream; readonly read: (message: EventSourceMessage) => E | undefined },
  place: Place,
  signal: AbortSignal | undefined,
  onOpen: () => void,
): AsyncGenerator<E> {
  const ended = new AbortController();
  const both = signal === undefined ? ended.signal : AbortSignal.any([signal, ended.signal]);
  const resume: Readonly<Record<string, string>> =
    place.lastEventId === undefined ? {} : { "last-event-id": place.lastEventId };
  let silence: ReturnType<typeof setTimeout> | undefined;
  try {
    const { response } = await open({ accept: "text/event-stream", ...resume }, both);
    if (response.body === null) throw new NoAnswer("the event stream has no body");
    onOpen();
    const reader = response.body.getReader();
    const parser = new Parser(place, read);
    for (;;) {
      silence = setTimeout(() => ended.abort(), SILENCE_MS);
      const { done, value } = await reader.read();
      clearTimeout(silence);
      if (done) return;
      for (const event of parser.feed(value)) {
        place.lastEventId = event.id ?? place.lastEventId;
        yield event;
      }
    }
  } finally {
    clearTimeout(silence);
    // Also when the reader of the events has had enough: the connection is not kept.
    ended.abort();
  }
}

class Parser<E> {
  readonly #decoder = new TextDecoder();
  readonly #parser: ReturnType<typeof createParser>;
  #events: E[] = [];
  #tooLarge = false;

  constructor(place: Place, read: (message: EventSourceMessage) => E | undefined) {
    this.#parser = createParser({
      maxBufferSize: MAX_EVENT_CHARS,
      onEvent: (message) => {
        const event = read(message);
        if (event !== undefined) this.#events.push(event);
      },
      onRetry: (ms) => {
        place.pauseMs = Math.min(LONGEST_PAUSE_MS, Math.max(100, ms));
      },
      onError: (error) => {
        if (error.type === "max-buffer-size-exceeded") this.#tooLarge = true;
      },
    });
  }

  feed(bytes: Uint8Array): readonly E[] {
    this.#parser.feed(this.#decoder.decode(bytes, { stream: true }));
    if (this.#tooLarge) throw new UnexpectedAnswer("an event is too large", { status: 200, key: undefined });
    const events = this.#events;
    this.#events = [];
    return events;
  }
}

/** A refusal for good (no role, no such address) stays one; all else passes. */
function worthComingBack(error: unknown): boolean {
  if (error instanceof ApiProblem) return error.status >= 500 || error.status === 429;
  if (error instanceof UnexpectedAnswer) return error.status >= 500;
  return true;
}
