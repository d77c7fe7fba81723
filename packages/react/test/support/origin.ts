import type { ChannelLike, LocksLike, StorageLike } from "../../src/core/types.ts";

interface Waiter {
  readonly begin: () => void;
  readonly signal: AbortSignal | undefined;
}

interface Held {
  readonly release: (error?: Error) => void;
}

/** Web Locks of one origin, exclusive ones: a queue for each name, `signal` for waiters, `steal`. */
class TestLocks implements LocksLike {
  readonly #held = new Map<string, Held>();
  readonly #queues = new Map<string, Waiter[]>();

  request(
    name: string,
    options: { readonly signal?: AbortSignal; readonly steal?: boolean },
    callback: (lock: unknown) => Promise<unknown>,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const { signal, steal } = options;
      if (signal?.aborted) return reject(aborted());
      const begin = (): void => {
        const held: Held = {
          release: (error) => {
            if (this.#held.get(name) === held) this.#held.delete(name);
            if (error !== undefined) reject(error);
            this.#next(name);
          },
        };
        this.#held.set(name, held);
        callback({ name }).then(
          (value) => {
            resolve(value);
            if (this.#held.get(name) === held) held.release();
          },
          (error: Error) => held.release(error),
        );
      };
      if (steal) {
        const robbed = this.#held.get(name);
        begin();
        const mine = this.#held.get(name);
        robbed?.release(aborted());
        if (mine !== undefined) this.#held.set(name, mine);
        return;
      }
      const queue = this.#queues.get(name) ?? [];
      this.#queues.set(name, queue);
      const waiter = { begin, signal };
      queue.push(waiter);
      signal?.addEventListener("abort", () => {
        if (!queue.includes(waiter)) return;
        queue.splice(queue.indexOf(waiter), 1);
        reject(aborted());
      });
      this.#next(name);
    });
  }

  #next(name: string): void {
    if (this.#held.has(name)) return;
    this.#queues.get(name)?.shift()?.begin();
  }
}

function aborted(): Error {
  return new DOMException("Aborted", "AbortError");
}

export interface Surroundings {
  /** Default: all there. */
  readonly channel?: boolean;
  readonly storage?: "works" | "missing" | "full" | "throws";
  readonly locks?: boolean;
}

type StorageListener = (event: { readonly key: string | null; readonly newValue: string | null }) => void;

/** What the windows of one origin share. */
export class TestOrigin {
  readonly name: string;
  readonly stored = new Map<string, string>();
  readonly locks = new TestLocks();
  readonly #channels = new Map<string, Set<(data: unknown) => void>>();
  readonly #storageListeners = new Map<object, Set<StorageListener>>();

  constructor(name: string) {
    this.name = name;
  }

  channel(name: string, receive: (data: unknown) => void): ChannelLike {
    const members = this.#channels.get(name) ?? new Set();
    this.#channels.set(name, members);
    members.add(receive);
    return {
      // Like a browser: a copy, later, to everybody else.
      postMessage: (message) => {
        const copy = structuredClone(message);
        for (const member of members) {
          if (member !== receive) queueMicrotask(() => members.has(member) && member(structuredClone(copy)));
        }
      },
      close: () => members.delete(receive),
    };
  }

  onStorage(owner: object, listener: StorageListener): () => void {
    const listeners = this.#storageListeners.get(owner) ?? new Set();
    this.#storageListeners.set(owner, listeners);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** localStorage as the window `owner` sees it: the others hear of its changes. */
  storage(owner: object, kind: Surroundings["storage"]): StorageLike {
    const { stored } = this;
    const tell = (key: string, newValue: string | null): void => {
      for (const [window, listeners] of this.#storageListeners) {
        if (window === owner) continue;
        for (const listener of listeners) queueMicrotask(() => listener({ key, newValue }));
      }
    };
    return {
      get length() {
        return stored.size;
      },
      key: (index) => [...stored.keys()][index] ?? null,
      getItem: (key) => stored.get(key) ?? null,
      setItem: (key, value) => {
        if (kind === "full") throw new DOMException("full", "QuotaExceededError");
        if (stored.get(key) === value) return;
        stored.set(key, value);
        tell(key, value);
      },
      removeItem: (key) => {
        if (stored.delete(key)) tell(key, null);
      },
    };
  }
}
