import { type Copy, parse, readCopy } from "./messages.ts";
import type { StorageLike } from "./types.ts";

/** How long a copy is as good as an answer. */
export const FRESH_MS = 300_000;

/**
 * Copies in localStorage, a key for each user, and who is signed in. The schema's version is part of each key: another
 * version neither reads nor overwrites them. Storage that is missing, full or broken is as if it were empty.
 */
export class Cache {
  readonly sessionKey: string;
  readonly #data: string;
  readonly #storage: () => StorageLike | undefined;

  constructor(storage: () => StorageLike | undefined, scope: string) {
    this.#storage = storage;
    this.#data = `stipend/${scope}/data/`;
    this.sessionKey = `stipend/${scope}/session/v1`;
  }

  keyOf(userId: string): string {
    return `${this.#data}v1/${userId}`;
  }

  load(userId: string): Copy | undefined {
    return readCopy(parse(this.#read(this.keyOf(userId))));
  }

  save({ userId, credits, membership, at }: Copy): void {
    this.#write(this.keyOf(userId), JSON.stringify({ userId, credits, membership, at }));
  }

  /** Every copy of any user and schema, but `userId`'s. */
  forgetAllBut(userId: string | null): void {
    this.#try((storage) => {
      for (let index = storage.length; index > 0; index -= 1) {
        const key = storage.key(index - 1) ?? "";
        // stipend/<scope>/data/<version>/<user>
        const owner = key.slice(key.indexOf("/", this.#data.length) + 1);
        if (key.startsWith(this.#data) && owner !== userId) storage.removeItem(key);
      }
    });
  }

  /** Who is signed in: undefined when storage does not say, "" when it says nobody. */
  signedIn(): string | undefined {
    return this.#read(this.sessionKey) ?? undefined;
  }

  setSignedIn(userId: string | null): void {
    if (this.signedIn() !== (userId ?? "")) this.#write(this.sessionKey, userId ?? "");
  }

  /** What can't be stored leaves nothing older behind, either. */
  #write(key: string, value: string): void {
    const isDone = this.#try((storage) => {
      storage.setItem(key, value);
      return true;
    });
    if (!isDone) this.#try((storage) => storage.removeItem(key));
  }

  #read(key: string): string | null {
    return this.#try((storage) => storage.getItem(key)) ?? null;
  }

  #try<T>(use: (storage: StorageLike) => T): T | undefined {
    try {
      const storage = this.#storage();
      return storage && use(storage);
    } catch {
      return undefined;
    }
  }
}
