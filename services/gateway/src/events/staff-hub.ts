import type { AlertEvent } from "@stipend/proto/http/staff-events";
import { MAX_ACTIONS } from "@stipend/proto/http/staff-events";
import type { z } from "zod";
import type { Admission, StreamToken } from "./live-hub.ts";

/** What consoles are told after the first state. */
export type StaffNews =
  | { readonly kind: "alert"; readonly data: z.output<typeof AlertEvent> }
  | { readonly kind: "activity"; readonly data: { readonly actions: string[] } };

/** One open stream of a console, as the hub sees it. */
export interface StaffListener {
  readonly token: StreamToken;
  /** Must not block and must not throw. */
  push(news: StaffNews): void;
  /** Ends the stream; the console comes again. */
  close(): void;
}

export interface StaffHubOptions {
  readonly perUser: number;
  readonly total: number;
  /** Default 200 ms: what is done within it is told once. */
  readonly gatherMs?: number;
}

/** Which consoles listen; each hears everything. Streams are bounded by user and altogether. */
export class StaffHub {
  readonly #options: StaffHubOptions;
  readonly #listeners = new Set<StaffListener>();
  readonly #actions = new Set<string>();
  #gathering: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: StaffHubOptions) {
    this.#options = options;
  }

  get open(): number {
    return this.#listeners.size;
  }

  admits(userId: string): Admission {
    if (this.#closed || this.#listeners.size >= this.#options.total) return "gateway_full";
    let own = 0;
    for (const { token } of this.#listeners) if (token.sub === userId) own += 1;
    return own >= this.#options.perUser ? "user_full" : "admitted";
  }

  add(listener: StaffListener): void {
    this.#listeners.add(listener);
  }

  remove(listener: StaffListener): void {
    this.#listeners.delete(listener);
  }

  publish(news: StaffNews): void {
    for (const listener of this.#listeners) listener.push(news);
  }

  /** An import does thousands of actions: consoles only need to know of which kinds. */
  gather(action: string): void {
    if (this.#listeners.size === 0 || this.#actions.size >= MAX_ACTIONS) return;
    this.#actions.add(action);
    this.#gathering ??= setTimeout(() => this.#tellActions(), this.#options.gatherMs ?? 200);
  }

  /** Ends the streams whose token fits: it was revoked. */
  closeWhere(fits: (token: StreamToken) => boolean): void {
    for (const listener of [...this.#listeners]) if (fits(listener.token)) listener.close();
  }

  /** Ends every stream and admits no other: consoles go to another instance. */
  closeForGood(): void {
    this.#closed = true;
    clearTimeout(this.#gathering);
    this.closeWhere(() => true);
  }

  #tellActions(): void {
    this.#gathering = undefined;
    const actions = [...this.#actions];
    this.#actions.clear();
    this.publish({ kind: "activity", data: { actions } });
  }
}
