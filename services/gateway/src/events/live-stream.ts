import type { IncomingMessage, ServerResponse } from "node:http";
import type { Listener, LiveHub, StreamToken } from "./live-hub.ts";
import type { LiveState } from "./states.ts";

/** A reader this far behind is cut off; it comes again and gets the whole state. */
const MAX_BUFFERED_BYTES = 262_144;
const RECONNECT_MS = 2_000;
const HEARTBEAT = ":\n\n";
const HEAD = {
  "content-type": "text/event-stream",
  "cache-control": "no-store",
  "x-accel-buffering": "no",
} as const;
const FIRST = `retry: ${RECONNECT_MS}\n\n`;

/**
 * One user's stream. States of an older version than one already sent are left out, so whatever order they come in
 * (snapshot, events of Kafka, events delivered twice), a reader only ever sees a version rise. The id of an event
 * holds the versions of both sides, so Last-Event-ID says all that a reader knows.
 *
 * There are thousands of these for hours, so each keeps next to nothing.
 */
export class LiveStream implements Listener {
  readonly token: StreamToken;
  readonly #hub: LiveHub;
  readonly #res: ServerResponse;
  readonly #versions: { credits: number; membership: number };
  /** Before the snapshots are in, live states wait here; the newest of each side is enough. */
  #early: Map<LiveState["kind"], LiveState> | undefined = new Map();

  /** @param token what it was opened with: a stream outlives neither its end nor its revocation. */
  constructor(req: IncomingMessage, res: ServerResponse, hub: LiveHub, token: StreamToken) {
    this.token = token;
    this.#hub = hub;
    this.#res = res;
    this.#versions = parseEventId(req.headers["last-event-id"]);
  }

  /** Listens from now on, so that nothing that happens while the snapshots are read is missed. */
  listen(): void {
    this.#hub.add(this);
    this.#res.once("close", () => this.#hub.remove(this));
  }

  /** Sends the head, the snapshots and what came in meanwhile. */
  open(snapshots: readonly LiveState[]): void {
    this.#res.writeHead(200, HEAD);
    // On its own: sent together with a text, the head would be kept as the hundred pieces that it was made of.
    this.#res.flushHeaders();
    forgetHeaders(this.#res.req);
    this.#write(FIRST);
    const early = [...(this.#early?.values() ?? [])];
    this.#early = undefined;
    for (const state of [...snapshots, ...early]) this.push(state);
  }

  tick(now: number, beat: boolean): void {
    if (this.token.expiresAt * 1_000 <= now) this.close();
    else if (beat && this.#early === undefined) this.#write(HEARTBEAT);
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
    // JSON has no line breaks of its own, so the data is one line.
    this.#write(`event: ${state.kind}\nid: ${id}\ndata: ${JSON.stringify(state.data)}\n\n`);
  }

  #write(text: string): void {
    if (this.#res.destroyed || this.#res.writableEnded) return;
    if (this.#res.writableLength > MAX_BUFFERED_BYTES) this.#res.destroy();
    else this.#res.write(text);
  }

  close(): void {
    // Before its head it has nothing to end: an empty answer would look like a stream that was open.
    if (this.#res.headersSent) this.#res.end();
    else this.#res.destroy();
    this.#hub.remove(this);
  }
}

/** The request has been understood; its headers, the token among them, would be kept as long as the stream is open. */
function forgetHeaders(req: IncomingMessage): void {
  req.headers = {};
  req.rawHeaders = [];
}

/** "12-3": credits at version 12, membership at 3. Anything else is a reader that knows nothing. */
export function parseEventId(id: string | string[] | undefined): { credits: number; membership: number } {
  const match = typeof id === "string" ? /^(-?\d{1,15})-(-?\d{1,15})$/.exec(id) : null;
  return { credits: Number(match?.[1] ?? -1), membership: Number(match?.[2] ?? -1) };
}
