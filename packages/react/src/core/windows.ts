import { Bus, type Speaker, type Via } from "./bus.ts";
import type { Cache } from "./cache.ts";
import { type Message, parse, readCopy } from "./messages.ts";
import type { State } from "./state.ts";
import type { Change, Credits, Environment, SessionEnd } from "./types.ts";

type StateMessage = Extract<Message, { type: "state" }>;

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
  /** Monotonic; when another window was last heard that holds the stream. */
  #heardAt = Number.NEGATIVE_INFINITY;

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
    return this.#bus.hasChannel;
  }

  /** Tells who is signed in here, listening or not. */
  announce(userId: string | null, was: string | null): void {
    const { cache } = this.#parts;
    // First, as it makes room for what follows.
    cache.forgetAllBut(userId);
    cache.setSignedIn(userId);
    this.#bus.send({ type: "session", userId, was });
    this.#quiet();
  }

  /** Begins to listen, and asks what is known. */
  open(): void {
    this.#bus.open();
    this.hello();
  }

  /** Asks what is known; an embedder that is slower than its frame hears a later one. */
  hello(): void {
    const { userId } = this.#parts.state.snapshot;
    if (userId === null) return;
    this.#bus.send({ type: "hello", userId });
    this.#bus.greet({ type: "hello", userId });
  }

  close(): void {
    this.#quiet();
    this.#bus.close();
  }

  /** This window has learnt something new, or its stream gave a sign of life, or broke. */
  tell(change?: StateMessage["change"], live: boolean | undefined = this.#isSource()): void {
    const message = this.#state(live, change);
    if (!message) return;
    this.#parts.cache.save(message);
    this.#bus.send(message);
  }

  #isSource(): true | undefined {
    return this.#parts.isSource() || undefined;
  }

  /** Ends the session here when another window ended it while this one slept. */
  checkSession(): void {
    const { cache, state } = this.#parts;
    const { userId } = state.snapshot;
    const signedIn = cache.signedIn();
    if (userId !== null && signedIn !== undefined && signedIn !== userId) this.#end(userId, signedIn || null, "origin");
  }

  #state(live?: boolean, change?: StateMessage["change"]): StateMessage | undefined {
    const { userId, credits, membership, newsAt } = this.#parts.state.snapshot;
    if (!userId || !(credits || membership)) return undefined;
    // Never known to be right: of an unknown age. Rather thought too old than too young.
    return { type: "state", userId, credits, membership, at: Math.floor(newsAt ?? 0), live, change };
  }

  /** Nobody's any more, or somebody else's. */
  #quiet(): void {
    this.#bus.forgetPeers();
    this.#heardAt = Number.NEGATIVE_INFINITY;
  }

  #receive(message: Message, via: Via): boolean {
    const { state } = this.#parts;
    const { userId } = state.snapshot;
    if (userId === null) return false;
    if (message.type === "session") this.#session(message, userId, via);
    if (message.type === "session" || message.userId !== userId) return false;
    if (message.type === "hello") {
      const known = this.#state(this.#isSource());
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
      // One that broke is being opened again by a window that is awake.
      this.#heardAt = env.monotonic();
      onLive(live);
    }
    const isUnheard = change && onChange(change.change, change.credits);
    if (!isNewer && !isUnheard) return;
    const onward = this.#state(undefined, isUnheard ? change : undefined);
    if (!onward) return;
    // Frames of other origins have a storage of their own.
    if (via) this.#parts.cache.save(onward);
    this.#bus.send(onward, via ?? "origin");
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
    const copy = userId !== null && key === cache.keyOf(userId) && readCopy(parse(value));
    if (copy) this.#meet({ type: "state", ...copy, live: undefined, change: undefined }, undefined);
  }
}
