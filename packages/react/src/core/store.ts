import { Api, type Caller } from "./api.ts";
import { Cache, FRESH_MS } from "./cache.ts";
import { browserEnvironment } from "./environment.ts";
import { readable, signedOut } from "./errors.ts";
import { Live, SILENCE_MS } from "./live.ts";
import { parse } from "./messages.ts";
import { type Fields, readChange, readCredits, readMembership } from "./read.ts";
import { NOW, Refresher } from "./refresher.ts";
import { Spending } from "./spending.ts";
import type { ServerEvent } from "./sse.ts";
import { type Parts, State } from "./state.ts";
import type {
  Change,
  ConsumeRequest,
  Credits,
  CreditsStore,
  CreditsStoreOptions,
  Environment,
  Membership,
  MeteredAnswer,
  MeteredOptions,
  Movement,
  RequestOptions,
  Session,
  Snapshot,
} from "./types.ts";
import { Windows } from "./windows.ts";

/** Older than this when a window comes into sight: asked for by force. */
const STALE_MS = 120_000;
/** What the stream, or another window, has not told by then is asked for. */
const PATIENCE_MS = 1_500;
const TICK_MS = 15_000;
/** Between the last listener's going and the end of the stream: React takes listeners off and puts them on again. */
const LINGER_MS = 250;
const REMEMBERED_CHANGES = 200;

/** One store for each page. Until somebody subscribes it does nothing by itself. */
export function createCreditsStore(options: CreditsStoreOptions = {}): CreditsStore {
  return new Store(options);
}

interface ActiveSession extends Caller {
  getToken: Session["getToken"];
  readonly end: () => void;
  /** Who was signed in here before. */
  readonly was: string | null;
  /** The other windows know of it. */
  isAnnounced: boolean;
}

class Store implements CreditsStore {
  readonly #env: Environment;
  readonly #options: CreditsStoreOptions;
  readonly #scope: string;
  readonly #api: Api;
  readonly #cache: Cache;
  readonly #state: State;
  readonly #windows: Windows;
  readonly #refresher: Refresher;
  readonly #spending: Spending;
  readonly #changeListeners = new Set<(change: Change, credits: Credits) => void>();
  readonly #seen = new Set<string>();
  #session: ActiveSession | undefined;
  #live: Live | undefined;
  /** While somebody listens. */
  #active: AbortController | undefined;

  constructor(options: CreditsStoreOptions) {
    const env: Environment = { ...browserEnvironment(), ...options.environment };
    const { scope = "default", baseUrl = "", allowedOrigins = [], session } = options;
    this.#env = env;
    this.#options = options;
    this.#scope = `stipend/${scope}`;
    const api = new Api(env, baseUrl);
    const cache = new Cache(env.storage, scope);
    const state = new State(env);
    const shared = { env, api, cache, state };
    this.#api = api;
    this.#cache = cache;
    this.#state = state;
    this.#windows = new Windows({
      ...shared,
      scope,
      allowedOrigins,
      onChange: (change, credits) => this.#emitChange(change, credits),
      onSessionEnd: (end) => {
        this.#forget();
        options.onSessionEnd?.(end);
      },
      onLive: (isLive) => {
        if (this.#live?.isHolding === false) state.set({ live: isLive ? "live" : "retrying" });
      },
      isSource: () => this.#live?.isHolding === true && state.snapshot.live === "live",
    });
    this.#refresher = new Refresher({
      ...shared,
      lockName: `${this.#scope}/fetch`,
      onAnswer: (parts, isWhole) => this.#learn(parts, isWhole),
    });
    this.#spending = new Spending({
      ...shared,
      onNews: () => this.#windows.tell(),
      refresh: (caller) => this.#refreshQuietly(caller, NOW),
    });
    if (session) this.signIn(session);
  }

  readonly getSnapshot = (): Snapshot => this.#state.snapshot;

  readonly subscribe = (listener: () => void): (() => void) => {
    const stop = this.#state.subscribe(listener);
    this.#start();
    return () => {
      stop();
      this.#env.setTimeout(() => {
        if (this.#state.listeners === 0) this.#stop();
      }, LINGER_MS);
    };
  };

  onChange(listener: (change: Change, credits: Credits) => void): () => void {
    this.#changeListeners.add(listener);
    return () => this.#changeListeners.delete(listener);
  }

  signIn({ userId, getToken }: Session): void {
    if (this.#session?.userId === userId) {
      this.#session.getToken = getToken;
      if (this.#state.snapshot.error?.code === "token_unavailable") this.#look();
      return;
    }
    const was = this.#session?.userId ?? null;
    this.#forget();
    const controller = new AbortController();
    const { signal } = controller;
    this.#session = { userId, getToken, signal, end: () => controller.abort(), was, isAnnounced: false };
    this.#state.reset(userId);
    const copy = this.#cache.load(userId);
    const age = this.#env.now() - (copy?.at ?? 0);
    // From the future: the clock was set, and nobody knows how old it is.
    if (copy && age >= 0 && age <= FRESH_MS) {
      this.#state.meet(copy, "copy");
      this.#state.confirm(age);
    }
    if (this.#active) this.#join();
  }

  signOut(): void {
    const was = this.#session?.userId;
    if (was === undefined) return;
    this.#windows.announce(null, was);
    this.#forget();
  }

  async refresh(options: { readonly force?: boolean } = {}): Promise<void> {
    await this.#refresher.refresh(this.#require(), options.force ? NOW : FRESH_MS);
  }

  async consume(request: ConsumeRequest): Promise<Movement> {
    return await this.#spending.consume(this.#require(), request);
  }

  async callMetered<T = unknown>(path: string, options: MeteredOptions = {}): Promise<MeteredAnswer<T>> {
    return await this.#spending.callMetered<T>(this.#require(), path, options);
  }

  async request<T = unknown>(path: string, options: RequestOptions = {}): Promise<T> {
    return (await this.#api.call(this.#require(), path, options)).body as T;
  }

  async cancelMembership(reason?: string): Promise<Membership> {
    return await this.#changeMembership("cancel", reason);
  }

  async resumeMembership(reason?: string): Promise<Membership> {
    return await this.#changeMembership("resume", reason);
  }

  readonly dismissShortfall = (): void => this.#state.set({ shortfall: null });

  destroy(): void {
    this.#stop();
    this.#forget();
  }

  // ---- sessions ----------------------------------------------------------------------------------------------------

  #require(): ActiveSession {
    this.#announce();
    this.#windows.checkSession();
    if (this.#session === undefined) throw signedOut();
    return this.#session;
  }

  #announce(): void {
    const session = this.#session;
    if (!session || session.isAnnounced) return;
    session.isAnnounced = true;
    this.#windows.announce(session.userId, session.was);
  }

  #forget(): void {
    this.#live?.stop();
    this.#live = undefined;
    this.#session?.end();
    this.#session = undefined;
    this.#seen.clear();
    this.#state.reset(null);
  }

  // ---- keeping up to date ------------------------------------------------------------------------------------------

  #start(): void {
    if (this.#active) return;
    this.#active = new AbortController();
    const { signal } = this.#active;
    const { listen, setTimeout } = this.#env;
    const on = (type: Parameters<typeof listen>[0], run: () => void): void => {
      signal.addEventListener("abort", listen(type, run));
    };
    on("visibilitychange", () => this.#look());
    on("pageshow", () => {
      this.#live?.start();
      this.#look();
    });
    on("pagehide", () => this.#live?.stop());
    on("online", () => this.#live?.hurry());
    const tick = (): void => {
      if (signal.aborted) return;
      setTimeout(tick, TICK_MS);
      this.#tick();
    };
    setTimeout(tick, TICK_MS);
    this.#join();
  }

  #stop(): void {
    this.#active?.abort();
    this.#active = undefined;
    this.#live?.stop();
    this.#live = undefined;
    this.#windows.close();
    this.#state.set({ live: "off" });
  }

  #join(): void {
    const session = this.#session;
    if (!session) return;
    this.#announce();
    this.#windows.open();
    const isLive = this.#options.live !== false;
    if (isLive) this.#openLive(session);
    this.#env.setTimeout(
      () => {
        if (session.signal.aborted || !this.#active) return;
        this.#windows.hello();
        void this.#refreshQuietly(session, FRESH_MS);
      },
      isLive ? PATIENCE_MS : 0,
    );
  }

  #openLive(session: ActiveSession): void {
    this.#live = new Live({
      env: this.#env,
      lockName: `${this.#scope}/stream/${session.userId}`,
      open: (signal) => this.#api.open(session, "/api/events", { headers: { accept: "text/event-stream" }, signal }),
      canShare: () => this.#windows.canShare(),
      heardAgo: () => this.#windows.heardAgo,
      onNews: (events) => {
        const changes = events.map((event) => this.#streamed(event)).filter((change) => change !== undefined);
        if (!this.#state.isReady) return;
        this.#state.confirm();
        for (const change of changes.length > 0 ? changes : [undefined]) this.#windows.tell(change);
      },
      onStatus: (live, error) => {
        if (!session.signal.aborted) this.#state.set({ live, error: error ?? this.#state.snapshot.error });
        if (live === "retrying") this.#windows.tell(undefined, false);
      },
    });
    this.#live.start();
  }

  /** Takes over what an event says; answers the change that this window had not heard of. */
  #streamed({ event, data }: ServerEvent): { readonly change: Change; readonly credits: Credits } | undefined {
    const value = parse(data);
    if (event === "membership") this.#state.meet({ membership: readMembership(value) }, "server");
    const credits = event === "credits" ? readCredits(value) : undefined;
    if (credits?.userId !== this.#session?.userId || !credits) return undefined;
    const change = readChange((value as Fields)["transaction"]);
    if (change) this.#state.observe(change, credits.version);
    this.#state.meet({ credits }, "server");
    return change && this.#emitChange(change, credits) ? { change, credits } : undefined;
  }

  /** The server has told this; `isWhole`: it is all there is to know. */
  #learn(parts: Parts, isWhole = false): void {
    const isNewer = this.#state.meet(parts, "server");
    if (isWhole) this.#state.confirm();
    if (isNewer || isWhole) this.#windows.tell();
  }

  #emitChange(change: Change, credits: Credits): boolean {
    if (this.#seen.has(change.id)) return false;
    this.#seen.add(change.id);
    for (const oldest of this.#seen) if (this.#seen.size > REMEMBERED_CHANGES) this.#seen.delete(oldest);
    // A listener's mistake is the page's to hear of, and breaks no stream.
    for (const listener of this.#changeListeners) queueMicrotask(() => listener(change, credits));
    return true;
  }

  /** Somebody looks at this window, or may. */
  #look(): void {
    this.#tick(STALE_MS);
    if (!this.#session || !this.#env.visible()) return;
    this.#live?.hurry();
    this.#windows.hello();
  }

  #tick(maxAgeMs = FRESH_MS): void {
    if (!this.#env.visible()) return;
    this.#windows.checkSession();
    if (!this.#session) return;
    if (this.#live?.isHolding === false && this.#windows.heardAgo > SILENCE_MS) this.#state.set({ live: "connecting" });
    void this.#refreshQuietly(this.#session, maxAgeMs);
  }

  /** The error stands in the snapshot. */
  async #refreshQuietly(session: Caller, maxAgeMs: number): Promise<void> {
    if (!session.signal.aborted) await this.#refresher.refresh(session, maxAgeMs).catch(() => {});
  }

  async #changeMembership(what: "cancel" | "resume", reason: string | undefined): Promise<Membership> {
    const body = reason === undefined ? {} : { reason };
    const membership = readable(readMembership(await this.request(`/api/membership/${what}`, { body })));
    this.#learn({ membership });
    return membership;
  }
}
