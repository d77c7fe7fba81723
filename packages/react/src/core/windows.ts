import { Bus, type Via } from "./bus.ts";
import { type Cache, readCopy } from "./cache.ts";
import type { Message } from "./messages.ts";
import type { State } from "./state.ts";
import type { Change, Credits, Environment, SessionEnd } from "./types.ts";

const HELLO_AGAIN_MS = [1_000, 4_000];
/** A storm of events needs no sign of life for each. */
const NEWS_PAUSE_MS = 5_000;

interface WindowsParts {
  readonly env: Environment;
  readonly cache: Cache;
  readonly scope: string;
  readonly allowedOrigins: readonly string[];
  readonly state: State;
  /** False: this window knows it already. */
  readonly onChange: (change: Change, credits: Credits) => boolean;
  readonly onSessionEnd: (end: SessionEnd) => void;
  readonly onLive: (live: boolean) => void;
  /** This window has the stream, and it is up. */
  readonly isSource: () => boolean;
}

/** Keeps this window and the others at the same state and the same session. */
export class Windows {
  readonly #parts: WindowsParts;
  readonly #bus: Bus;
  readonly #timers = new Set<unknown>();
  /** Monotonic; when a stream of another window was last heard. */
  #heardAt = Number.NEGATIVE_INFINITY;
  #newsAt = Number.NEGATIVE_INFINITY;

  constructor(parts: WindowsParts) {
    this.#parts = parts;
    const { env, cache, scope, allowedOrigins } = parts;
    this.#bus = new Bus({
      env,
      cache,
      scope,
      allowedOrigins,
      onMessage: (message, via) => this.#receive(message, via),
      onStored: (key, value) => this.#stored(key, value),
    });
  }

  get heardAgo(): number {
    return this.#parts.env.monotonic() - this.#heardAt;
  }

  canShare(): boolean {
    return this.#bus.canReachOrigin();
  }

  /** Tells who is signed in here, listening or not. */
  announce(userId: string): void {
    const { cache } = this.#parts;
    const was = cache.signedIn() ?? null;
    cache.setSignedIn(userId);
    cache.forgetAllBut(userId);
    this.#bus.sendOnce({ type: "session", userId, was });
  }

  /** Begins to listen, and asks what is known. */
  open(userId: string): void {
    const { env } = this.#parts;
    this.#bus.open();
    const hello = { type: "hello", userId } as const;
    this.#bus.send(hello);
    this.#bus.greet(hello);
    for (const ms of HELLO_AGAIN_MS) {
      const timer = env.setTimeout(() => {
        this.#timers.delete(timer);
        this.#bus.greet(hello);
      }, ms);
      this.#timers.add(timer);
    }
  }

  close(): void {
    this.#quiet();
    this.#bus.close();
  }

  /** Nobody's any more. */
  #quiet(): void {
    for (const timer of this.#timers) this.#parts.env.clearTimeout(timer);
    this.#timers.clear();
    this.#bus.forgetPeers();
    this.#heardAt = this.#newsAt = Number.NEGATIVE_INFINITY;
  }

  /** Ends the session everywhere; works when this window was not listening, too. */
  signOut(userId: string): void {
    const { cache } = this.#parts;
    cache.setSignedIn(null);
    cache.forgetAllBut(null);
    this.#bus.sendOnce({ type: "session", userId: null, was: userId });
    this.#quiet();
  }

  /** This window has learnt something new from the server. */
  tell(): void {
    this.save();
    const state = this.#state();
    if (state !== undefined) this.#bus.send(state);
  }

  tellChange(change: Change, credits: Credits): void {
    this.#bus.send({ type: "change", userId: credits.userId, change, credits });
  }

  /** This window's stream is up, or broke. */
  tellNews(live: boolean): void {
    const { env } = this.#parts;
    if (live && env.monotonic() - this.#newsAt < NEWS_PAUSE_MS) return;
    this.#newsAt = live ? env.monotonic() : Number.NEGATIVE_INFINITY;
    const news = this.#newsNow(live);
    if (news !== undefined) this.#bus.send(news);
    if (live) this.save();
  }

  #newsNow(live: boolean): Message | undefined {
    const { userId, credits, membership } = this.#parts.state.snapshot;
    if (userId === null) return undefined;
    return { type: "news", userId, live, credits: credits?.version ?? -1, membership: membership?.version ?? -1 };
  }

  save(): void {
    const { cache, state } = this.#parts;
    const { userId, credits, membership, grants, newsAt } = state.snapshot;
    if (userId !== null && newsAt !== null) cache.save({ userId, credits, membership, grants, at: newsAt });
  }

  /** Ends the session here when another window ended it while this one slept. */
  checkSession(): void {
    const { cache, state } = this.#parts;
    const { userId } = state.snapshot;
    const signedIn = cache.signedIn();
    if (userId !== null && signedIn !== undefined && signedIn !== userId) this.#end(userId, signedIn);
  }

  #state(): Extract<Message, { type: "state" }> | undefined {
    const { userId, credits, membership, grants, newsAt } = this.#parts.state.snapshot;
    if (userId === null || (credits === null && membership === null)) return undefined;
    return { type: "state", userId, credits, membership, grants, at: newsAt };
  }

  #receive(message: Message, via: Via): boolean {
    const { state, onChange, isSource } = this.#parts;
    const { userId } = state.snapshot;
    if (userId === null) return false;
    if (message.type === "session") this.#session(message, userId, via);
    if (message.type === "session" || message.userId !== userId) return false;
    if (message.type === "hello") {
      const known = this.#state();
      if (known !== undefined) this.#bus.answer(known, via);
      const news = isSource() ? this.#newsNow(true) : undefined;
      if (news !== undefined) this.#bus.answer(news, via);
    }
    if (message.type === "state") this.#meet(message, via);
    if (message.type === "news") this.#news(message, via);
    if (message.type === "change") {
      const { change, credits } = message;
      state.observe(change, credits.version);
      this.#meet({ type: "state", userId, credits, membership: null, grants: null, at: null }, via);
      if (onChange(change, credits)) this.#bus.send(message, via);
    }
    return true;
  }

  #meet(message: Extract<Message, { type: "state" }>, via: Via): void {
    const { env, state } = this.#parts;
    const newer = state.meet(message, "copy");
    const { credits, membership } = state.snapshot;
    // Who knows less than we do can't say that it is the newest.
    const same = credits?.version === message.credits?.version && membership?.version === message.membership?.version;
    if (same && message.at !== null) state.confirm(Math.max(0, env.now() - message.at));
    if (!newer) return;
    // Frames of other origins have a storage of their own.
    if (via !== "origin") this.save();
    const whole = this.#state();
    if (whole !== undefined) this.#bus.send(whole, via);
  }

  #news(news: Extract<Message, { type: "news" }>, via: Via): void {
    const { env, state, onLive } = this.#parts;
    const { credits, membership, userId } = state.snapshot;
    if (via === "origin") {
      this.#heardAt = news.live ? env.monotonic() : Number.NEGATIVE_INFINITY;
      onLive(news.live);
    }
    if (!news.live || userId === null) return;
    const behind = (credits?.version ?? -1) < news.credits || (membership?.version ?? -1) < news.membership;
    if (behind) this.#bus.answer({ type: "hello", userId }, via);
    else if (credits !== null && membership !== null) state.confirm();
  }

  /** Within the origin there is one session; a frame of another origin may have its own. */
  #session({ userId, was }: Extract<Message, { type: "session" }>, own: string, via: Via): void {
    if (userId === own) return;
    if (was !== own && (userId === null || via !== "origin")) return;
    this.#end(own, userId, via);
  }

  #end(own: string, next: string | null, cameBy: Via = "origin"): void {
    const { cache, onSessionEnd } = this.#parts;
    cache.forgetAllBut(next);
    if (cameBy !== "origin") cache.setSignedIn(null);
    this.#bus.send({ type: "session", userId: cameBy === "origin" ? next : null, was: own }, cameBy);
    this.#quiet();
    onSessionEnd({ reason: next === null ? "signed_out" : "user_changed", userId: own, nextUserId: next });
  }

  #stored(key: string, value: string | null): void {
    const { cache, state } = this.#parts;
    const { userId } = state.snapshot;
    if (userId === null) return;
    if (key === cache.sessionKey) this.checkSession();
    const copy = key === cache.keyOf(userId) ? readCopy(value, userId) : undefined;
    if (copy !== undefined) this.#meet({ type: "state", ...copy }, "origin");
  }
}
