import type { ServerResponse } from "node:http";
import type { StreamToken } from "./live-hub.ts";
import type { StaffHub, StaffListener, StaffNews } from "./staff-hub.ts";

export interface StaffStreamOptions {
  readonly hub: Pick<StaffHub, "add" | "remove">;
  /** What it was opened with: a stream outlives neither its end nor its revocation. */
  readonly token: StreamToken;
  /** Default 15,000 ms. */
  readonly heartbeatMs?: number | undefined;
  /** False: news doesn't reach this process, so there is no heartbeat, which would say that nothing has happened. */
  readonly isHearing?: (() => boolean) | undefined;
}

/** A reader this far behind is cut off; it comes again and gets the whole state. */
const MAX_BUFFERED_BYTES = 262_144;
/** What may come in while the first state is being read, for some seconds at most. */
const MAX_EARLY = 1_000;
const MAX_TIMER_MS = 2_147_483_647;
const RECONNECT_MS = 1_000;
const HEARTBEAT = ":\n\n";
const HEAD = {
  "content-type": "text/event-stream",
  "cache-control": "no-store",
  "x-accel-buffering": "no",
} as const;

/**
 * One console's stream: the whole state first, then what happens. It has no ids to go on from, because the state at the
 * beginning says all that a reader could have missed.
 */
export class StaffStream implements StaffListener {
  readonly token: StreamToken;
  readonly #options: StaffStreamOptions;
  readonly #res: ServerResponse;
  #end: NodeJS.Timeout | undefined;
  #heartbeat: NodeJS.Timeout | undefined;
  /** Before the state is in, news waits here. */
  #early: StaffNews[] | undefined = [];

  constructor(res: ServerResponse, options: StaffStreamOptions) {
    this.token = options.token;
    this.#options = options;
    this.#res = res;
  }

  /** Listens from now on, so that nothing that happens while the state is read is missed. */
  listen(): void {
    this.#options.hub.add(this);
    this.#res.once("close", () => this.#ended());
  }

  /** Sends the head, the state (the event `alerts`) and what came in meanwhile. */
  open(alerts: unknown): void {
    this.#res.writeHead(200, HEAD);
    this.#write(`retry: ${RECONNECT_MS}\n\n${eventText("alerts", alerts)}`);
    const left = Math.min(MAX_TIMER_MS, Math.max(0, this.token.expiresAt * 1_000 - Date.now()));
    this.#end = setTimeout(() => this.close(), left);
    this.#heartbeat = setInterval(() => this.#beat(), this.#options.heartbeatMs ?? 15_000);
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const news of early) this.push(news);
  }

  push(news: StaffNews): void {
    if (this.#early === undefined) this.#write(eventText(news.kind, news.data));
    else if (this.#early.length < MAX_EARLY) this.#early.push(news);
    else this.close();
  }

  close(): void {
    // Before the head is out there is nothing to end: the answer is whoever opens it's.
    if (this.#res.headersSent) this.#res.end();
    else this.#res.destroy();
    this.#ended();
  }

  #beat(): void {
    if (this.#options.isHearing?.() !== false) this.#write(HEARTBEAT);
  }

  #write(text: string): void {
    if (this.#res.destroyed || this.#res.writableEnded) return;
    if (this.#res.writableLength > MAX_BUFFERED_BYTES) this.#res.destroy();
    else this.#res.write(text);
  }

  #ended(): void {
    clearTimeout(this.#end);
    clearInterval(this.#heartbeat);
    this.#options.hub.remove(this);
  }
}

/** JSON has no line breaks of its own, so the data is one line. */
function eventText(kind: string, data: unknown): string {
  return `event: ${kind}\ndata: ${JSON.stringify(data)}\n\n`;
}
