import { Api, type Caller } from "./api.ts";
import { Cache, FRESH_MS, parse } from "./cache.ts";
import { browserEnvironment } from "./environment.ts";
import { CreditsError, signedOut } from "./errors.ts";
import { Live } from "./live.ts";
import { readChange, readCredits, readMembership } from "./read.ts";
import { Refresher } from "./refresher.ts";
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
  SessionEnd,
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
/** A stream of another window that is not heard for so long is not up. */
const HEARD_MS = 45_000;

/** One store for each page. Until somebody subscribes it does nothing by itself. */
export function createCreditsStore(options: CreditsStoreOptions = {}): CreditsStore {
  return new Store(options);
}

interface ActiveSession extends Caller {
  readonly end: () => void;
  /** The other windows know of it. */
  announced: boolean;
}

class Store implements CreditsStore {
  readonly #env: Environment;
  readonly #options: CreditsStoreOptions;
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
  #stops: (() => void)[] = [];
  #started = false;
  #destroyed = false;
  #lingering: unknown;

  constructor(options: CreditsStoreOptions) {
    const env: Environment = { ...browserEnvironment(), ...options.environment };
    const { scope = "default", baseUrl = "", allowedOrigins = [], session } = options;
    this.#env = env;
    this.#options = { ...options, scope };
    this.#api = new Api(env, baseUrl);
    this.#cache = new Cache(env, scope);
    this.#state = new State(env);
    this.#windows = new Windows({
      env,
      cache: this.#cache,
      scope,
      allowedOrigins,
      state: this.#state,
      onChange: (change, credits) => this.#emitChange(change, credits),
      onSessionEnd: (end) => this.#ended(end),
      onLive: (live) => this.#heard(live),
      isSource: () => this.#live?.holding === true && this.#state.snapshot.live === "live",
    });
    this.#refresher = new Refresher({
      env,
      api: this.#api,
      state: this.#state,
      lockName: `stipend/${scope}/fetch`,
      onAnswer: (parts) => this.#learn(parts),
    });
    this.#spending = new Spending({
      env,
      api: this.#api,
      state: this.#state,
      onNews: () => this.#windows.tell(),
      refresh: (caller) => this.#refresher.refresh(caller, true),
    });
    this.#state.subscribe(() => this.#refresher.checkGrants(() => this.#session));
    if (session) this.signIn(session);
  }

  getSnapshot(): Snapshot {
    return this.#state.snapshot;
  }

  subscribe(listener: () => void): () => void {
    const stop = this.#state.subscribe(listener);
    this.#start();
    return () => {
      stop();
      this.#stopSoon();
    };
  }

  onChange(listener: (change: Change, credits: Credits) => void): () => void {
    this.#changeListeners.add(listener);
    return () => this.#changeListeners.delete(listener);
  }

  signIn(session: Session): void {
    if (this.#destroyed) throw new CreditsError("destroyed", "The store was destroyed");
    const { userId, getToken } = session;
    if (this.#session?.userId === userId) {
      this.#session.getToken = getToken;
      if (this.#state.snapshot.error !== null) this.#look();
      return;
    }
    this.#forget();
    const controller = new AbortController();
    this.#session = { userId, getToken, signal: controller.signal, end: () => controller.abort(), announced: false };
    this.#state.together(() => {
      this.#state.reset(userId);
      this.#loadCopy(userId);
    });
    if (this.#started) this.#join(this.#session);
  }

  signOut(): void {
    const session = this.#session;
    if (session === undefined) return;
    this.#windows.signOut(session.userId);
    this.#forget();
  }

  async refresh(options: { readonly force?: boolean } = {}): Promise<void> {
    await this.#refresher.refresh(this.#require(), options.force === true);
  }

  watchGrants(): () => void {
    return this.#refresher.watchGrants(() => this.#session);
  }

  async consume(request: ConsumeRequest): Promise<Movement> {
    return await this.#spending.consume(this.#require(), request);
  }

  async callMetered<T = unknown>(path: string, options: MeteredOptions = {}): Promise<MeteredAnswer<T>> {
    return await this.#spending.callMetered<T>(this.#require(), path, options);
  }

  async request<T = unknown>(path: string, options: RequestOptions = {}): Promise<T> {
    return (await this.#api.json(this.#require(), path, options)) as T;
  }

  async cancelMembership(reason?: string): Promise<Membership> {
    return await this.#changeMembership("cancel", reason);
  }

  async resumeMembership(reason?: string): Promise<Membership> {
    return await this.#changeMembership("resume", reason);
  }

  dismissShortfall(): void {
    this.#state.setShortfall(null);
  }

  destroy(): void {
    this.#destroyed = true;
    this.#stop();
    this.#session?.end();
    this.#session = undefined;
  }

  // ---- sessions ----------------------------------------------------------------------------------------------------

  #require(): ActiveSession {
    if (this.#session !== undefined) this.#announce(this.#session);
    this.#windows.checkSession();
    if (this.#session === undefined) throw signedOut();
    return this.#session;
  }

  #announce(session: ActiveSession): void {
    if (session.announced) return;
    session.announced = true;
    this.#windows.announce(session.userId);
  }

  #loadCopy(userId: string): void {
    const copy = this.#cache.load(userId);
    if (copy === undefined) return;
    const age = this.#env.now() - copy.at;
    // From the future: the clock was set, and nobody knows how old it is.
    if (age < 0 || age > FRESH_MS) return;
    this.#state.meet(copy, "copy");
    this.#state.confirm(age);
  }

  #ended(end: SessionEnd): void {
    this.#forget();
    this.#options.onSessionEnd?.(end);
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
    this.#env.clearTimeout(this.#lingering);
    if (this.#started || this.#destroyed) return;
    this.#started = true;
    const { listen } = this.#env;
    this.#stops = [
      listen("visibilitychange", () => this.#look()),
      listen("pageshow", () => this.#resume()),
      listen("pagehide", () => this.#live?.stop()),
      listen("online", () => this.#live?.hurry()),
    ];
    const tick = (): void => {
      timer = this.#env.setTimeout(tick, TICK_MS);
      this.#tick();
    };
    let timer = this.#env.setTimeout(tick, TICK_MS);
    this.#stops.push(() => this.#env.clearTimeout(timer));
    if (this.#session !== undefined) this.#join(this.#session);
  }

  #stopSoon(): void {
    // The refresher listens for ever.
    if (this.#state.listeners > 1) return;
    this.#env.clearTimeout(this.#lingering);
    this.#lingering = this.#env.setTimeout(() => {
      if (this.#state.listeners <= 1) this.#stop();
    }, LINGER_MS);
  }

  #stop(): void {
    this.#env.clearTimeout(this.#lingering);
    this.#started = false;
    for (const stop of this.#stops.splice(0)) stop();
    this.#live?.stop();
    this.#live = undefined;
    this.#windows.close();
    this.#state.setLive("off");
  }

  #join(session: ActiveSession): void {
    this.#announce(session);
    this.#windows.open(session.userId);
    const live = this.#options.live !== false;
    if (live) this.#openLive(session);
    const timer = this.#env.setTimeout(() => this.#refreshQuietly(session, FRESH_MS), live ? PATIENCE_MS : 0);
    session.signal.addEventListener("abort", () => this.#env.clearTimeout(timer));
    this.#stops.push(() => this.#env.clearTimeout(timer));
  }

  #openLive(session: ActiveSession): void {
    this.#live = new Live({
      env: this.#env,
      lockName: `stipend/${this.#options.scope}/stream/${session.userId}`,
      open: (signal) => this.#api.open(session, "/api/events", { headers: { accept: "text/event-stream" }, signal }),
      canShare: () => this.#windows.canShare(),
      heardAgo: () => this.#windows.heardAgo,
      onEvent: (event) => this.#streamed(event),
      onNews: () => {
        if (this.#state.snapshot.status === "ready") this.#state.confirm();
        this.#windows.tellNews(true);
      },
      onStatus: (status, error) => {
        this.#state.setLive(status);
        if (error !== null && !session.signal.aborted) this.#state.fail(error);
        if (status === "retrying") this.#windows.tellNews(false);
      },
    });
    this.#live.start();
  }

  #streamed({ event, data }: ServerEvent): void {
    const value = parse(data);
    if (event === "membership") this.#learn({ membership: readMembership(value) ?? null });
    if (event !== "credits") return;
    const credits = readCredits(value);
    const change = readChange((value as { transaction?: unknown } | undefined)?.transaction);
    if (credits === undefined || credits.userId !== this.#session?.userId) return;
    if (change !== undefined) this.#state.observe(change, credits.version);
    this.#learn({ credits });
    if (change !== undefined && this.#emitChange(change, credits)) this.#windows.tellChange(change, credits);
  }

  /** The server has told this. */
  #learn(parts: Parts): void {
    if (this.#state.meet(parts, "server")) this.#windows.tell();
  }

  /** Another window's stream is up, or broke. */
  #heard(live: boolean): void {
    if (this.#live !== undefined && !this.#live.holding) this.#state.setLive(live ? "live" : "retrying");
  }

  #emitChange(change: Change, credits: Credits): boolean {
    if (this.#seen.has(change.id)) return false;
    this.#seen.add(change.id);
    for (const oldest of this.#seen) if (this.#seen.size > REMEMBERED_CHANGES) this.#seen.delete(oldest);
    for (const listener of [...this.#changeListeners]) listener(change, credits);
    return true;
  }

  /** Somebody looks at this window, or may. */
  #look(): void {
    if (!this.#env.visible()) return;
    this.#windows.checkSession();
    this.#live?.hurry();
    if (this.#session !== undefined) this.#refreshQuietly(this.#session, STALE_MS);
    this.#refresher.checkGrants(() => this.#session);
  }

  #resume(): void {
    this.#live?.start();
    this.#look();
  }

  #tick(): void {
    if (!this.#env.visible()) return;
    this.#windows.checkSession();
    if (this.#session === undefined) return;
    const following = this.#live !== undefined && !this.#live.holding;
    if (following && this.#windows.heardAgo > HEARD_MS) this.#state.setLive("connecting");
    this.#refreshQuietly(this.#session, FRESH_MS);
    this.#refresher.checkGrants(() => this.#session);
  }

  /** The error stands in the snapshot. */
  #refreshQuietly(session: Caller, maxAgeMs: number): void {
    if (!session.signal.aborted) this.#refresher.refresh(session, false, maxAgeMs).catch(() => {});
  }

  async #changeMembership(what: "cancel" | "resume", reason: string | undefined): Promise<Membership> {
    const body = reason === undefined ? {} : { reason };
    const answer = await this.#api.json(this.#require(), `/api/membership/${what}`, { body });
    const membership = readMembership(answer);
    if (membership === undefined) throw new CreditsError("answer_unreadable", "The answer is no membership");
    this.#learn({ membership });
    return membership;
  }
}
