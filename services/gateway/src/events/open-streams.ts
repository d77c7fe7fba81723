import type { Principal } from "../auth/claims.ts";
import { Refusal } from "../http/refusal.ts";
import { Pulse, type Pulsed } from "./pulse.ts";

export type StreamToken = Pick<Principal, "sub" | "jti" | "issuedAt" | "expiresAt">;

/** One open stream, as those see it who count and end streams. */
export interface OpenStream extends Pulsed {
  /** The token it was opened with: a stream outlives neither its end nor its revocation. Its `sub` is whose stream it is. */
  readonly token: StreamToken;
  /** Ends the stream; the client may come again. */
  close(): void;
}

export interface OpenStreamsOptions {
  readonly perUser: number;
  readonly total: number;
  /** Between two heartbeats of one stream. Default 15,000 ms. */
  readonly heartbeatMs?: number;
  /** False: changes don't reach this process, so there is no heartbeat, which would say that nothing has changed. Default: yes. */
  readonly isHearing?: () => boolean;
}

const COME_AGAIN = { retryAfterSeconds: 5 } as const;

/** The open streams of one kind, bounded by user and altogether, under one clock. */
export class OpenStreams<Stream extends OpenStream> {
  readonly #perUser: number;
  readonly #total: number;
  readonly #pulse: Pulse;
  readonly #byUser = new Map<string, Set<Stream>>();
  #open = 0;
  #closed = false;

  constructor({ perUser, total, heartbeatMs = 15_000, isHearing }: OpenStreamsOptions) {
    this.#perUser = perUser;
    this.#total = total;
    this.#pulse = new Pulse(heartbeatMs, isHearing);
  }

  get open(): number {
    return this.#open;
  }

  /** @throws Refusal too_many_streams (of this user), overloaded (of this process). */
  admit(userId: string): void {
    if (this.#closed || this.#open >= this.#total) throw new Refusal("overloaded", COME_AGAIN);
    if (this.of(userId).size >= this.#perUser) throw new Refusal("too_many_streams", COME_AGAIN);
  }

  add(stream: Stream): void {
    const streams = this.#byUser.get(stream.token.sub) ?? new Set();
    if (streams.has(stream)) return;
    this.#byUser.set(stream.token.sub, streams.add(stream));
    this.#pulse.add(stream);
    this.#open += 1;
  }

  remove(stream: Stream): void {
    const streams = this.#byUser.get(stream.token.sub);
    if (streams?.delete(stream) !== true) return;
    this.#pulse.remove(stream);
    this.#open -= 1;
    if (streams.size === 0) this.#byUser.delete(stream.token.sub);
  }

  /** Ends the streams whose token fits: it was revoked. */
  closeWhere(fits: (token: StreamToken) => boolean): void {
    for (const stream of this.all()) if (fits(stream.token)) stream.close();
  }

  /** Ends every stream; their readers come again, with all that they know. */
  closeAll(): void {
    for (const stream of this.all()) stream.close();
  }

  /** Ends every stream and admits no other: readers go to another instance. */
  closeForGood(): void {
    this.#closed = true;
    this.closeAll();
  }

  protected of(userId: string): ReadonlySet<Stream> {
    return this.#byUser.get(userId) ?? new Set();
  }

  /** A copy: whoever ends leaves the set. */
  protected all(): readonly Stream[] {
    return [...this.#byUser.values()].flatMap((streams) => [...streams]);
  }
}
