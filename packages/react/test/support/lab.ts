import { createCreditsStore } from "../../src/core/store.ts";
import type {
  Change,
  ChannelLike,
  CreditsStore,
  CreditsStoreOptions,
  Environment,
  Peer,
  PeerWindow,
  SessionEnd,
  Snapshot,
} from "../../src/core/types.ts";
import { settle, TestClock } from "./clock.ts";
import { type Surroundings, TestOrigin } from "./origin.ts";
import { TestServer } from "./server.ts";

interface WindowOptions extends Surroundings {
  readonly user?: string;
  readonly origin?: TestOrigin;
  /** The embedder or opener. */
  readonly parent?: TestWindow;
  readonly store?: CreditsStoreOptions;
}

/** A window with a store in it, and what a test does to it. */
export class TestWindow {
  readonly store: CreditsStore;
  readonly origin: TestOrigin;
  readonly changes: Change[] = [];
  readonly ends: SessionEnd[] = [];
  readonly #listeners = new Map<string, Set<(event: Event) => void>>();
  readonly #lab: Lab;
  #visible = true;
  #stop: (() => void) | undefined;
  /** Frozen windows get nothing. */
  #frozen = false;
  tokens = 0;
  /** Messages by postMessage. */
  received = 0;

  constructor(lab: Lab, options: WindowOptions) {
    this.#lab = lab;
    this.origin = options.origin ?? lab.origin;
    const { user = "alice", store = {} } = options;
    this.store = createCreditsStore({
      session: this.sessionOf(user),
      onSessionEnd: (end) => this.ends.push(end),
      environment: this.#environment(options),
      ...store,
    });
    this.store.onChange((change) => this.changes.push(change));
  }

  sessionOf(userId: string) {
    return {
      userId,
      getToken: () => {
        this.tokens += 1;
        return `${userId}:secret-${this.tokens}`;
      },
    };
  }

  get snapshot(): Snapshot {
    return this.store.getSnapshot();
  }

  get spendable(): number | null {
    return this.snapshot.spendable;
  }

  open(): this {
    this.#stop ??= this.store.subscribe(() => {});
    return this;
  }

  close(): void {
    this.#stop?.();
    this.store.destroy();
  }

  async show(visible: boolean): Promise<void> {
    this.#visible = visible;
    this.fire("visibilitychange");
    await settle();
  }

  freeze(frozen: boolean): void {
    this.#frozen = frozen;
  }

  fire(type: string, event: object = {}): void {
    if (this.#frozen) return;
    if (type === "message") this.received += 1;
    for (const listener of this.#listeners.get(type) ?? []) listener(event as Event);
  }

  /** How another window sees this one. */
  handleFor(sender: TestWindow): PeerWindow {
    const known = sender.handles.get(this);
    if (known !== undefined) return known;
    const handle: PeerWindow = {
      postMessage: (message, targetOrigin) => {
        if (targetOrigin !== this.origin.name) return;
        const data = structuredClone(message);
        queueMicrotask(() =>
          this.fire("message", { data, origin: sender.origin.name, source: sender.handleFor(this) }),
        );
      },
    };
    sender.handles.set(this, handle);
    return handle;
  }

  readonly handles = new Map<TestWindow, PeerWindow>();

  /** A frozen window says nothing. */
  #thaw(channel: ChannelLike): ChannelLike {
    return {
      postMessage: (message) => (this.#frozen ? undefined : channel.postMessage(message)),
      close: () => channel.close(),
    };
  }

  #environment({ channel = true, storage = "works", locks = true, parent }: WindowOptions): Partial<Environment> {
    const { clock, server } = this.#lab;
    const { origin } = this;
    const peers: readonly Peer[] =
      parent === undefined
        ? []
        : [{ window: parent.handleFor(this), origin: parent.origin === origin ? origin.name : null }];
    return {
      fetch: server.fetch as typeof fetch,
      now: clock.now,
      monotonic: clock.monotonic,
      setTimeout: (run, ms) => clock.setTimeout(() => this.#frozen || run(), ms),
      random: () => this.#lab.nextId(),
      storage: () => {
        if (storage === "throws") throw new DOMException("denied", "SecurityError");
        return storage === "missing" ? undefined : origin.storage(this, storage);
      },
      channel: (name, receive) =>
        channel ? this.#thaw(origin.channel(name, (data) => (this.#frozen ? undefined : receive(data)))) : undefined,
      locks: () => (locks ? origin.locks : undefined),
      origin: origin.name,
      peers: () => peers,
      visible: () => this.#visible,
      listen: (type, listener) => {
        const listeners = this.#listeners.get(type) ?? new Set();
        this.#listeners.set(type, listeners);
        listeners.add(listener);
        const stop =
          type === "storage" && storage !== "missing"
            ? origin.onStorage(
                this,
                (event) => listeners.has(listener) && !this.#frozen && listener(event as StorageEvent),
              )
            : undefined;
        return () => {
          listeners.delete(listener);
          stop?.();
        };
      },
    };
  }
}

/** Windows, a server and a clock, all in one process. */
export class Lab {
  readonly clock = new TestClock();
  readonly server = new TestServer();
  readonly origin = new TestOrigin("https://app.example");
  readonly #windows: TestWindow[] = [];
  #ids = 0;

  constructor() {
    this.server.addUser("alice");
    this.server.addUser("bob", 7);
  }

  nextId(): string {
    this.#ids += 1;
    return `id-${this.#ids}`;
  }

  /** A window that is open already; `closed` ones are opened by the test. */
  window(options: WindowOptions = {}): TestWindow {
    const window = new TestWindow(this, options);
    this.#windows.push(window);
    return window;
  }

  /** Windows that have what they need. */
  async windows(count: number, options: WindowOptions = {}): Promise<TestWindow[]> {
    const opened = Array.from({ length: count }, () => this.window(options).open());
    await this.advance(100);
    return opened;
  }

  advance(ms: number): Promise<void> {
    return this.clock.advance(ms);
  }

  /** Time goes on with a stream that lives. */
  async advanceLive(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 15_000) {
      await this.advance(Math.min(15_000, ms - passed));
      this.server.heartbeat();
    }
    await this.advance(0);
  }

  close(): void {
    for (const window of this.#windows) window.close();
  }
}
