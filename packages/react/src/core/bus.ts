import { type Message, pack, unpack } from "./messages.ts";
import type { ChannelLike, Environment, PeerWindow } from "./types.ts";

/** A window that spoke by postMessage, and the origin it spoke from. */
export interface Speaker {
  readonly window: PeerWindow;
  readonly origin: string;
}

/** The way a message came: not the way it goes on. Undefined: within the origin. */
export type Via = Speaker | undefined;

interface BusParts {
  readonly env: Environment;
  readonly scope: string;
  readonly allowedOrigins: readonly string[];
  /** True when whoever spoke has our user, and shall hear of what happens from now on. */
  readonly onMessage: (message: Message, via: Via) => boolean;
  /** Another window wrote this key. */
  readonly onStored: (key: string | null, value: string | null) => void;
}

/** More frames and openers than this are not told, until the session or the page ends. */
const MAX_PEERS = 20;

/**
 * Ways to the other windows: BroadcastChannel within the origin, where there is one (what is stored is heard of by `storage`
 * events anyway); postMessage to embedded frames, embedders and openers of the allowed origins.
 */
export class Bus {
  readonly #parts: BusParts;
  readonly #allowed: ReadonlySet<string>;
  /** Who has spoken to us of our user, with the origin it spoke from. */
  readonly #peers = new Map<PeerWindow, string>();
  #stops: (() => void)[] = [];
  #channel: ChannelLike | undefined;

  constructor(parts: BusParts) {
    this.#parts = parts;
    // An opaque origin ("null") is nobody's.
    this.#allowed = new Set(
      [parts.env.origin, ...parts.allowedOrigins].filter((origin) => origin && origin !== "null"),
    );
  }

  open(): void {
    if (this.#stops.length > 0) return;
    const { env, scope } = this.#parts;
    this.#channel = env.channel(`stipend/${scope}`, (data) => this.#receive(data, undefined));
    this.#stops = [
      env.listen("storage", ({ key, newValue }: Partial<StorageEvent>) =>
        this.#parts.onStored(key ?? null, newValue ?? null),
      ),
      env.listen("message", ({ data, origin, source }: Partial<MessageEvent>) => {
        if (source && this.#allowed.has(origin ?? "")) {
          this.#receive(data, { window: source as unknown as PeerWindow, origin: origin ?? "" });
        }
      }),
    ];
  }

  close(): void {
    for (const stop of this.#stops.splice(0)) stop();
    this.#channel?.close();
    this.#channel = undefined;
    this.#peers.clear();
  }

  /** True when the other windows of this origin hear whatever we say. */
  get hasChannel(): boolean {
    return this.#channel !== undefined;
  }

  /** To every window that was told of, but the one it came from; works while nobody listens here, too. */
  send(message: Message, cameBy?: Speaker | "origin"): void {
    const isOpen = this.#stops.length > 0;
    this.open();
    if (cameBy !== "origin") this.answer(message, undefined);
    for (const [window, origin] of this.#peers) {
      if (window !== (cameBy as Speaker | undefined)?.window) this.answer(message, { window, origin });
    }
    if (!isOpen) this.close();
  }

  /** On the way it spoke. */
  answer(message: Message, via: Via): void {
    const data = pack(this.#parts.scope, message);
    if (!via) this.#channel?.postMessage(data);
    // A browser delivers only what names the receiver's true origin.
    else if (this.#allowed.has(via.origin)) via.window.postMessage(data, via.origin);
  }

  /** Embedder and opener may not know us yet. */
  greet(message: Message): void {
    const { env, allowedOrigins } = this.#parts;
    for (const { window, origin } of env.peers()) {
      if (this.#peers.has(window)) continue;
      for (const target of origin === null ? allowedOrigins : [origin])
        this.answer(message, { window, origin: target });
    }
  }

  /** The next user's affairs are not theirs. */
  forgetPeers(): void {
    this.#peers.clear();
  }

  #receive(data: unknown, via: Via): void {
    const message = unpack(this.#parts.scope, data);
    const isOurs = message && this.#parts.onMessage(message, via);
    if (isOurs && via && this.#peers.size < MAX_PEERS) this.#peers.set(via.window, via.origin);
  }
}
