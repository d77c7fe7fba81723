import { Bus, type Speaker, type Via } from "./bus.ts";
import type { Cache } from "./cache.ts";
import { type Copy, type Message, parse, readCopy } from "./messages.ts";
import type { State } from "./state.ts";
import type { Change, Credits, Environment, SessionEnd } from "./types.ts";

type StateMessage = Extract<Message, { type: "state" }>;

/** An embedder that is slower than its frame hears the frame's later greetings. */
const GREETINGS_MS = [1_000, 4_000];
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
  /** Another window's stream is up, or broke. */
  readonly onLive: (isLive: boolean) => void;
  /** This window has the stream, and it is up. */
  readonly isSource: () => boolean;
}

/** Keeps this window and the others at the same state and the same session. */
export class Windows {
  readonly #parts: WindowsParts;
  readonly #bus: Bus;
  /** Monotonic; when a stream of another window was last heard, and when ours was last told of. */
  #heardAt = Number.NEGATIVE_INFINITY;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(parts: WindowsParts) {
    this.#parts = parts;
    this.#bus = new Bus({
      ...parts,
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
  announce(userId: string | null, was: string | null): void {
    const { cache } = this.#parts;
    cache.setSignedIn(userId);
    cache.forgetAllBut(userId);
    this.#bus.send({ type: "session", userId, was });
    this.#quiet();
  }

  /** Begins to listen, and asks what is known. */
  open(userId: string, signal: AbortSignal): void {
    this.#bus.open();
    this.hello(userId);
    for (const ms of GREETINGS_MS) {
      this.#parts.env.setTimeout(() => {
        if (!signal.aborted) this.#bus.greet({ type: "hello", userId });
      }, ms);
    }
  }

  hello(userId: string): void {
    this.#bus.send({ type: "hello", userId });
    this.#bus.greet({ type: "hello", userId });
  }

  close(): void {
    this.#quiet();
    this.#bus.close();
  }

  /** This window has learnt something new, or of its stream: that it is up, or broke. */
  tell(live?: boolean, change?: StateMessage["change"]): void {
    const message = this.#state(live, change);
    if (!message) return;
    this.#save();
    this.#bus.send(message);
  }

  /** The stream gave a sign of life. */
  tellAlive(): void {
    const now = this.#parts.env.monotonic();
    if (now - this.#toldAt < NEWS_PAUSE_MS) return;
    this.#toldAt = now;
    this.tell(true);
  }

  /** Ends the session here when another window ended it while this one slept. */
  checkSession(): void {
    const { cache, state } = this.#parts;
    const { userId } = state.snapshot;
    const signedIn = cache.signedIn();
    if (userId !== null && signedIn !== undefined && signedIn !== userId) this.#end(userId, signedIn, "origin");
  }

  #copy(): Copy | undefined {
    const { userId, credits, membership, grants, newsAt } = this.#parts.state.snapshot;
    // Never known to be right: of an unknown age.
    return userId && (credits || membership) ? { userId, credits, membership, grants, at: newsAt ?? 0 } : undefined;
  }

  #state(live: boolean | undefined, change: StateMessage["change"]): StateMessage | undefined {
    const copy = this.#copy();
    return copy && { type: "state", ...copy, live, change };
  }

  #save(): void {
    const copy = this.#copy();
    if (copy) this.#parts.cache.save(copy);
  }

  /** Nobody's any more, or somebody else's. */
  #quiet(): void {
    this.#bus.forgetPeers();
    this.#heardAt = this.#toldAt = Number.NEGATIVE_INFINITY;
  }

  #receive(message: Message, via: Via): boolean {
    const { state, isSource } = this.#parts;
    const { userId } = state.snapshot;
    if (userId === null) return false;
    if (message.type === "session") this.#session(message, userId, via);
    if (message.type === "session" || message.userId !== userId) return false;
    if (message.type === "hello") {
      const known = this.#state(isSource() || undefined, undefined);
      if (known) this.#bus.answer(known, via);
    } else {
      this.#meet(message, via);
    }
    return true;
  }

  #meet(message: StateMessage, via: Via): void {
    const { env, state, onChange, onLive } = this.#parts;
    const { change, live } = message;
    if (change) state.observe(change.change, change.credits.version);
    const isNewer = state.meet(message, "copy");
    const { credits, membership } = state.snapshot;
    // Who knows less than we do can't say that it is the newest.
    const isSame = credits?.version === message.credits?.version && membership?.version === message.membership?.version;
    if (isSame) state.confirm(Math.max(0, env.now() - message.at));
    if (!via && live !== undefined) {
      this.#heardAt = live ? env.monotonic() : Number.NEGATIVE_INFINITY;
      onLive(live);
    }
    const isUnheard = change && onChange(change.change, change.credits);
    if (!isNewer && !isUnheard) return;
    // Frames of other origins have a storage of their own.
    if (via) this.#save();
    const onward = this.#state(undefined, isUnheard ? change : undefined);
    if (onward) this.#bus.send(onward, via ?? "origin");
  }

  /** Within the origin there is one session; a frame of another origin may have its own. */
  #session({ userId, was }: Extract<Message, { type: "session" }>, own: string, via: Via): void {
    const concerns = was === own || (userId !== null && !via);
    if (userId !== own && concerns) this.#end(own, userId, via ?? "origin");
  }

  #end(own: string, nextUserId: string | null, cameBy: Speaker | "origin"): void {
    const { cache, onSessionEnd } = this.#parts;
    cache.forgetAllBut(nextUserId);
    const isHere = cameBy === "origin";
    if (!isHere) cache.setSignedIn(null);
    this.#bus.send({ type: "session", userId: isHere ? nextUserId : null, was: own }, cameBy);
    this.#quiet();
    onSessionEnd({ reason: nextUserId === null ? "signed_out" : "user_changed", userId: own, nextUserId });
  }

  #stored(key: string | null, value: string | null): void {
    const { cache, state } = this.#parts;
    if (key === cache.sessionKey) this.checkSession();
    const { userId } = state.snapshot;
    const copy = userId !== null && key === cache.keyOf(userId) ? readCopy(parse(value)) : undefined;
    if (copy?.userId === userId && copy)
      this.#meet({ type: "state", ...copy, live: undefined, change: undefined }, undefined);
  }
}
