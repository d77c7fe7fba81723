import type { AlertEvent } from "@stipend/proto/http/staff-events";
import { MAX_ACTIONS } from "@stipend/proto/http/staff-events";
import type { z } from "zod";
import { type OpenStream, OpenStreams, type OpenStreamsOptions } from "./open-streams.ts";

/** What consoles are told after the first state. */
export type StaffNews =
  | { readonly kind: "alert"; readonly data: z.output<typeof AlertEvent> }
  | { readonly kind: "activity"; readonly data: { readonly actions: string[] } };

/** One open stream of a console, as the hub sees it. */
export interface StaffListener extends OpenStream {
  /** Must not block and must not throw. */
  push(news: StaffNews): void;
}

export interface StaffHubOptions extends OpenStreamsOptions {
  /** Default 200 ms: what is done within it is told once. */
  readonly gatherMs?: number;
}

/** Which consoles listen; each hears everything. */
export class StaffHub extends OpenStreams<StaffListener> {
  readonly #gatherMs: number;
  readonly #actions = new Set<string>();
  #gathering: NodeJS.Timeout | undefined;

  constructor(options: StaffHubOptions) {
    super(options);
    this.#gatherMs = options.gatherMs ?? 200;
  }

  publish(news: StaffNews): void {
    for (const listener of this.all()) listener.push(news);
  }

  /** An import does thousands of actions: consoles only need to know of which kinds. */
  gather(action: string): void {
    if (this.open === 0 || this.#actions.size >= MAX_ACTIONS) return;
    this.#actions.add(action);
    this.#gathering ??= setTimeout(() => this.#tellActions(), this.#gatherMs);
  }

  override closeForGood(): void {
    clearTimeout(this.#gathering);
    super.closeForGood();
  }

  #tellActions(): void {
    this.#gathering = undefined;
    const actions = [...this.#actions];
    this.#actions.clear();
    this.publish({ kind: "activity", data: { actions } });
  }
}
