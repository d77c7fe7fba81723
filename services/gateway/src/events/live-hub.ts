import type { Principal } from "../auth/claims.ts";
import { Pulse, type Pulsed } from "./pulse.ts";
import type { LiveState } from "./states.ts";

export type StreamToken = Pick<Principal, "sub" | "jti" | "issuedAt" | "expiresAt">;

/** One open stream, as the hub sees it. */
export interface Listener extends Pulsed {
  /** The token it was opened with; its `sub` is whose stream it is. */
  readonly token: StreamToken;
  /** Must not block and must not throw. */
  push(state: LiveState): void;
  /** Ends the stream; the client may come again. */
  close(): void;
}

export type Admission = "admitted" | "user_full" | "gateway_full";

export interface LiveHubOptions {
  readonly perUser: number;
  readonly total: number;
  /** Between two heartbeats of one stream. Default 15,000 ms. */
  readonly heartbeatMs?: number;
  /** False: changes don't reach this process, so there is no heartbeat, which would say that nothing has changed. Default: yes. */
  readonly isHearing?: () => boolean;
}

/** Who listens to whom. Streams are bounded by user and altogether. */
export class LiveHub {
  readonly #perUser: number;
  readonly #total: number;
  readonly #pulse: Pulse;
  readonly #byUser = new Map<string, Set<Listener>>();
  #open = 0;
  #closed = false;

  constructor(options: LiveHubOptions) {
    this.#perUser = options.perUser;
    this.#total = options.total;
    this.#pulse = new Pulse(options.heartbeatMs ?? 15_000, options.isHearing);
  }

  get open(): number {
    return this.#open;
  }

  admits(userId: string): Admission {
    if (this.#closed || this.#open >= this.#total) return "gateway_full";
    return (this.#byUser.get(userId)?.size ?? 0) >= this.#perUser ? "user_full" : "admitted";
  }

  add(listener: Listener): void {
    const listeners = this.#byUser.get(listener.token.sub) ?? new Set();
    if (listeners.has(listener)) return;
    listeners.add(listener);
    this.#byUser.set(listener.token.sub, listeners);
    this.#pulse.add(listener);
    this.#open += 1;
  }

  remove(listener: Listener): void {
    const listeners = this.#byUser.get(listener.token.sub);
    if (listeners?.delete(listener) !== true) return;
    this.#pulse.remove(listener);
    this.#open -= 1;
    if (listeners.size === 0) this.#byUser.delete(listener.token.sub);
  }

  publish(state: LiveState): void {
    for (const listener of this.#byUser.get(state.userId) ?? []) listener.push(state);
  }

  /** Ends the streams whose token fits: it was revoked. */
  closeWhere(fits: (token: StreamToken) => boolean): void {
    for (const listener of this.#all()) if (fits(listener.token)) listener.close();
  }

  /** Ends every stream; their readers come again, with all that they know. */
  closeAll(): void {
    for (const listener of this.#all()) listener.close();
  }

  /** Ends every stream and admits no other: readers go to another instance. */
  closeForGood(): void {
    this.#closed = true;
    this.closeAll();
  }

  #all(): readonly Listener[] {
    return [...this.#byUser.values()].flatMap((listeners) => [...listeners]);
  }
}
