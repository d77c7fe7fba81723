import { StipendClient } from "@stipend/client";
import type { StaffEvent } from "@stipend/client/events";
import type { Session } from "../../session/session.ts";

export type LiveState = "connecting" | "live" | "lost";

export interface StaffFeedOptions {
  readonly session: Pick<Session, "getToken">;
  readonly onEvent: (event: StaffEvent) => void;
  readonly onState: (state: LiveState) => void;
  /** The gateway won't have it: other calls find out whether the session is over. */
  readonly onRefused: () => void;
}

/** After a refusal for good: a role may be given, a gateway of an older version replaced. */
const REFUSED_PAUSE_MS = 60_000;

/**
 * The stream of what happens, for as long as somebody can see the page: a browser allows six connections to one origin,
 * and consoles that nobody looks at would take them from the one in front. It begins with the whole state each time, so
 * nothing is missed by a page that was out of sight, offline or cut off.
 */
export class StaffFeed {
  readonly #options: StaffFeedOptions;
  readonly #client: StipendClient;
  readonly #ended = new AbortController();
  #stream: AbortController | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(options: StaffFeedOptions) {
    this.#options = options;
    this.#client = new StipendClient({ baseUrl: "", token: tokenSource(options.session) });
  }

  start(): void {
    const { signal } = this.#ended;
    document.addEventListener("visibilitychange", () => this.#follow(), { signal });
    addEventListener("online", () => this.#renew(), { signal });
    this.#follow();
  }

  stop(): void {
    this.#ended.abort();
    this.#close();
  }

  #follow(): void {
    if (document.visibilityState === "hidden") this.#close();
    else if (this.#stream === undefined) this.#open();
  }

  /** The network is back: not only after the pause that is under way. */
  #renew(): void {
    this.#close();
    this.#follow();
  }

  #open(): void {
    const stream = new AbortController();
    this.#stream = stream;
    void this.#read(stream.signal).catch(() => {
      if (stream.signal.aborted) return;
      this.#options.onState("lost");
      this.#options.onRefused();
      this.#retry = setTimeout(() => this.#renew(), REFUSED_PAUSE_MS);
    });
  }

  #close(): void {
    clearTimeout(this.#retry);
    this.#stream?.abort();
    this.#stream = undefined;
  }

  async #read(signal: AbortSignal): Promise<void> {
    const { onEvent, onState } = this.#options;
    const told = (state: "open" | "lost") => !signal.aborted && onState(state === "open" ? "live" : "lost");
    for await (const event of this.#client.staffEvents({ signal, onState: told })) {
      if (signal.aborted) return;
      onEvent(event);
    }
  }
}

/** Another token is asked for only when the refused one is the session's own: it may have been renewed since. */
function tokenSource({ getToken }: Pick<Session, "getToken">) {
  let last: string | undefined;
  return async (reason: "first" | "expired"): Promise<string> => {
    const current = await getToken();
    last = reason === "expired" && current === last ? await getToken({ refresh: true }) : current;
    return last ?? "";
  };
}
