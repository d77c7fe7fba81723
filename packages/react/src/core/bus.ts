import { type Cache, parse } from "./cache.ts";
import { type Message, pack, unpack } from "./messages.ts";
import { isRecord } from "./read.ts";
import type { ChannelLike, Environment, PeerWindow } from "./types.ts";

/** A window that spoke by postMessage, and the origin it spoke from. */
export interface Speaker {
  readonly window: PeerWindow;
  readonly origin: string;
}

/** The way a message came: not the way it goes on. */
export type Via = "origin" | Speaker;

interface BusParts {
  readonly env: Environment;
  readonly cache: Cache;
  readonly scope: string;
  readonly allowedOrigins: readonly string[];
  /** True when whoever spoke has our user, and shall hear of what happens from now on. */
  readonly onMessage: (message: Message, via: Via) => boolean;
  /** Another window wrote this key. */
  readonly onStored: (key: string, value: string | null) => void;
}

/** More frames and openers than this are not told. */
const MAX_PEERS = 20;

/**
 * Ways to the other windows: BroadcastChannel, or `storage` events where there is none, within the origin; postMessage to
 * embedded frames, embedders and openers of the allowed origins.
 */
export class Bus {
  readonly #parts: BusParts;
  readonly #allowed: ReadonlySet<string>;
  /** Who has spoken to us of our user, with the origin it spoke from. */
  readonly #peers = new Map<PeerWindow, string>();
  readonly #stops: (() => void)[] = [];
  #channel: ChannelLike | undefined;
  #open = false;

  constructor(parts: BusParts) {
    this.#parts = parts;
    // An opaque origin ("null") is nobody's.
    this.#allowed = new Set(
      [parts.env.origin, ...parts.allowedOrigins].filter((origin) => origin && origin !== "null"),
    );
  }

  open(): void {
    if (this.#open) return;
    this.#open = true;
    const { env, scope } = this.#parts;
    this.#channel = env.channel(`stipend/${scope}`, (data) => this.#receive(data, "origin"));
    this.#stops.push(
      env.listen("storage", (event) => this.#stored(event as StorageEvent)),
      env.listen("message", (event) => this.#posted(event as MessageEvent)),
    );
  }

  close(): void {
    this.#open = false;
    for (const stop of this.#stops.splice(0)) stop();
    this.#channel?.close();
    this.#channel = undefined;
    this.#peers.clear();
  }

  /** True when the other windows of this origin can hear us. */
  canReachOrigin(): boolean {
    if (this.#channel !== undefined) return true;
    const { cache } = this.#parts;
    const works = cache.write(cache.postKey, "");
    cache.remove(cache.postKey);
    return works;
  }

  /** To every window but those on the way it came. */
  send(message: Message, cameBy?: Via): void {
    if (!this.#open) return;
    const data = pack(this.#parts.scope, message);
    if (cameBy !== "origin") this.#toOrigin(data);
    const speaker = cameBy === "origin" ? undefined : cameBy?.window;
    for (const [peer, origin] of this.#peers) if (peer !== speaker) this.#post(peer, origin, data);
  }

  /** The next user's affairs are not theirs. */
  forgetPeers(): void {
    this.#peers.clear();
  }

  /** Sends even while nobody listens here. */
  sendOnce(message: Message): void {
    const wasOpen = this.#open;
    this.open();
    this.send(message);
    if (!wasOpen) this.close();
  }

  /** To one window, on the way it spoke. */
  answer(message: Message, via: Via): void {
    const data = pack(this.#parts.scope, message);
    if (via === "origin") this.#toOrigin(data);
    else this.#post(via.window, via.origin, data);
  }

  /** Embedder and opener may not know us yet. A browser delivers only what names the receiver's true origin. */
  greet(message: Message): void {
    const data = pack(this.#parts.scope, message);
    for (const { window, origin } of this.#parts.env.peers()) {
      if (this.#peers.has(window)) continue;
      const targets = origin === null ? this.#parts.allowedOrigins : [origin];
      for (const target of targets) if (this.#allowed.has(target)) this.#post(window, target, data);
    }
  }

  #toOrigin(data: unknown): void {
    const { cache, env } = this.#parts;
    try {
      this.#channel?.postMessage(data);
      if (this.#channel !== undefined) return;
    } catch {
      // Closed behind our back; storage is left.
    }
    cache.write(cache.postKey, JSON.stringify({ id: env.random(), data }));
    cache.remove(cache.postKey);
  }

  #post(peer: PeerWindow, origin: string, data: unknown): void {
    if (!this.#allowed.has(origin)) return;
    try {
      peer.postMessage(data, origin);
    } catch {
      this.#peers.delete(peer);
    }
  }

  #stored({ key, newValue }: StorageEvent): void {
    if (key === null) return;
    if (key === this.#parts.cache.postKey) {
      const value = parse(newValue);
      if (isRecord(value)) this.#receive(value["data"], "origin");
    } else {
      this.#parts.onStored(key, newValue);
    }
  }

  #posted({ data, origin, source }: MessageEvent): void {
    if (!this.#allowed.has(origin) || source === null) return;
    const message = unpack(this.#parts.scope, data);
    if (message === undefined) return;
    const window = source as unknown as PeerWindow;
    if (!this.#parts.onMessage(message, { window, origin })) return;
    this.#peers.delete(window);
    this.#peers.set(window, origin);
    for (const [oldest] of this.#peers) if (this.#peers.size > MAX_PEERS) this.#peers.delete(oldest);
  }

  #receive(data: unknown, via: Via): void {
    const message = unpack(this.#parts.scope, data);
    if (message !== undefined) this.#parts.onMessage(message, via);
  }
}
