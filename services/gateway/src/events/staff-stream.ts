import type { ServerResponse } from "node:http";
import { EventWriter } from "./event-writer.ts";
import type { StreamToken } from "./open-streams.ts";
import type { StaffHub, StaffListener, StaffNews } from "./staff-hub.ts";

/** What may come in while the first state is being read, for some seconds at most. */
const MAX_EARLY = 1_000;
const RECONNECT_MS = 1_000;

/**
 * One console's stream: the whole state first, then what happens. It has no ids to go on from, because the state at the
 * beginning says all that a reader could have missed.
 */
export class StaffStream implements StaffListener {
  readonly token: StreamToken;
  readonly #hub: StaffHub;
  readonly #writer: EventWriter;
  /** Before the state is in, news waits here. */
  #early: StaffNews[] | undefined = [];

  constructor(res: ServerResponse, hub: StaffHub, token: StreamToken) {
    this.token = token;
    this.#hub = hub;
    this.#writer = new EventWriter(res);
    // Listens from now on, so that nothing that happens while the state is read is missed.
    hub.add(this);
    res.once("close", () => hub.remove(this));
  }

  /** Sends the head, the state (the event `alerts`) and what came in meanwhile. */
  open(alerts: unknown): void {
    this.#writer.begin(RECONNECT_MS);
    this.#writer.send("alerts", alerts);
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const news of early) this.push(news);
  }

  tick(now: number, beat: boolean): void {
    if (this.token.expiresAt * 1_000 <= now) this.close();
    else if (beat && this.#early === undefined) this.#writer.beat();
  }

  push(news: StaffNews): void {
    if (this.#early === undefined) this.#writer.send(news.kind, news.data);
    else if (this.#early.length < MAX_EARLY) this.#early.push(news);
    else this.close();
  }

  close(): void {
    this.#writer.end();
    this.#hub.remove(this);
  }
}
