import type { IncomingMessage, ServerResponse } from "node:http";
import { EventWriter } from "./event-writer.ts";
import type { Listener, LiveHub } from "./live-hub.ts";
import type { StreamToken } from "./open-streams.ts";
import type { LiveState } from "./states.ts";

const RECONNECT_MS = 2_000;

/**
 * One user's stream. States of an older version than one already sent are left out, so whatever order they come in
 * (snapshot, events of Kafka, events delivered twice), a reader only ever sees a version rise. The id of an event
 * holds the versions of both sides, so Last-Event-ID says all that a reader knows.
 */
export class LiveStream implements Listener {
  readonly token: StreamToken;
  readonly #hub: LiveHub;
  readonly #writer: EventWriter;
  readonly #versions: { credits: number; membership: number };
  /** Before the snapshots are in, live states wait here; the newest of each side is enough. */
  #early: Map<LiveState["kind"], LiveState> | undefined = new Map();

  constructor(req: IncomingMessage, res: ServerResponse, hub: LiveHub, token: StreamToken) {
    this.token = token;
    this.#hub = hub;
    this.#writer = new EventWriter(res);
    this.#versions = parseEventId(req.headers["last-event-id"]);
    // Listens from now on, so that nothing that happens while the snapshots are read is missed.
    hub.add(this);
    res.once("close", () => hub.remove(this));
  }

  /** Sends the head, the snapshots and what came in meanwhile. */
  open(snapshots: readonly LiveState[]): void {
    this.#writer.begin(RECONNECT_MS);
    const early = [...(this.#early?.values() ?? [])];
    this.#early = undefined;
    for (const state of [...snapshots, ...early]) this.push(state);
  }

  tick(now: number, beat: boolean): void {
    if (this.token.expiresAt * 1_000 <= now) this.close();
    else if (beat && this.#early === undefined) this.#writer.beat();
  }

  push(state: LiveState): void {
    if (this.#early !== undefined) {
      const waiting = this.#early.get(state.kind);
      if (waiting === undefined || waiting.version < state.version) this.#early.set(state.kind, state);
      return;
    }
    if (state.version <= this.#versions[state.kind]) return;
    this.#versions[state.kind] = state.version;
    this.#writer.send(state.kind, state.data, `${this.#versions.credits}-${this.#versions.membership}`);
  }

  close(): void {
    this.#writer.end();
    this.#hub.remove(this);
  }
}

/** "12-3": credits at version 12, membership at 3. Anything else is a reader that knows nothing. */
export function parseEventId(id: string | string[] | undefined): { credits: number; membership: number } {
  const match = typeof id === "string" ? /^(-?\d{1,15})-(-?\d{1,15})$/.exec(id) : null;
  return { credits: Number(match?.[1] ?? -1), membership: Number(match?.[2] ?? -1) };
}
