import type { IncomingMessage, ServerResponse } from "node:http";
import { createEventBuffer } from "better-sse";
import type { Listener, LiveHub, StreamToken } from "./live-hub.ts";
import type { LiveState } from "./states.ts";

export interface LiveStreamOptions {
  readonly hub: LiveHub;
  /** What it was opened with: a stream outlives neither its end nor its revocation. */
  readonly token: StreamToken;
  /** Default 15,000 ms. */
  readonly heartbeatMs?: number | undefined;
  /** False: changes don't reach this process, so there is no heartbeat, which would say that nothing has changed. */
  readonly isHearing?: (() => boolean) | undefined;
}

/** A reader this far behind is cut off; it comes again and gets the whole state. */
const MAX_BUFFERED_BYTES = 262_144;
const MAX_TIMER_MS = 2_147_483_647;
const RECONNECT_MS = 2_000;
const HEARTBEAT = ":\n\n";
const HEAD = {
  "content-type": "text/event-stream",
  "cache-control": "no-store",
  "x-accel-buffering": "no",
} as const;

/**
 * One user's stream. States of an older version than one already sent are left out, so whatever order they come in
 * (snapshot, events of Kafka, events delivered twice), a reader only ever sees a version rise. The id of an event
 * holds the versions of both sides, so Last-Event-ID says all that a reader knows.
 *
 * There are thousands of these, so each keeps next to nothing: better-sse writes the fields, but its Session would hold
 * a second request and response for every stream.
 */
export class LiveStream implements Listener {
  readonly token: StreamToken;
  readonly #options: LiveStreamOptions;
  readonly #res: ServerResponse;
  readonly #versions: { credits: number; membership: number };
  #end: NodeJS.Timeout | undefined;
  #heartbeat: NodeJS.Timeout | undefined;
  /** Before the snapshots are in, live states wait here; the newest of each side is enough. */
  #early: Map<LiveState["kind"], LiveState> | undefined = new Map();

  constructor(req: IncomingMessage, res: ServerResponse, options: LiveStreamOptions) {
    this.token = options.token;
    this.#options = options;
    this.#res = res;
    this.#versions = parseEventId(req.headers["last-event-id"]);
  }

  /** Listens from now on, so that nothing that happens while the snapshots are read is missed. */
  listen(): void {
    this.#options.hub.add(this);
    this.#res.once("close", () => this.#ended());
  }

  /** Sends the head, the snapshots and what came in meanwhile. */
  open(snapshots: readonly LiveState[]): void {
    this.#res.writeHead(200, HEAD);
    this.#res.write(createEventBuffer().retry(RECONNECT_MS).dispatch().read());
    const left = Math.min(MAX_TIMER_MS, Math.max(0, this.token.expiresAt * 1_000 - Date.now()));
    this.#end = setTimeout(() => this.close(), left);
    this.#heartbeat = setInterval(() => this.#beat(), this.#options.heartbeatMs ?? 15_000);
    const early = [...(this.#early?.values() ?? [])];
    this.#early = undefined;
    for (const state of [...snapshots, ...early]) this.push(state);
  }

  push(state: LiveState): void {
    if (this.#early !== undefined) {
      const waiting = this.#early.get(state.kind);
      if (waiting === undefined || waiting.version < state.version) this.#early.set(state.kind, state);
      return;
    }
    if (state.version <= this.#versions[state.kind]) return;
    this.#versions[state.kind] = state.version;
    const id = `${this.#versions.credits}-${this.#versions.membership}`;
    this.#write(createEventBuffer().push(state.data, state.kind, id).read());
  }

  #beat(): void {
    if (this.#options.isHearing?.() !== false) this.#write(HEARTBEAT);
  }

  #write(text: string): void {
    if (this.#res.destroyed || this.#res.writableEnded) return;
    if (this.#res.writableLength > MAX_BUFFERED_BYTES) this.#res.destroy();
    else this.#res.write(text);
  }

  close(): void {
    this.#res.end();
    this.#ended();
  }

  #ended(): void {
    clearTimeout(this.#end);
    clearInterval(this.#heartbeat);
    this.#options.hub.remove(this);
  }
}

/** "12-3": credits at version 12, membership at 3. Anything else is a reader that knows nothing. */
export function parseEventId(id: string | string[] | undefined): { credits: number; membership: number } {
  const match = typeof id === "string" ? /^(-?\d{1,15})-(-?\d{1,15})$/.exec(id) : null;
  return { credits: Number(match?.[1] ?? -1), membership: Number(match?.[2] ?? -1) };
}
