import { isRecord, readCredits, readGrants, readMembership } from "./read.ts";
import type { Credits, Environment, Grants, Membership, StorageLike } from "./types.ts";

/** How long a copy is as good as an answer. */
export const FRESH_MS = 300_000;

export interface Copy {
  readonly userId: string;
  readonly credits: Credits | null;
  readonly membership: Membership | null;
  readonly grants: Grants | null;
  /** Wall clock of the last news. */
  readonly at: number;
}

/**
 * Copies in localStorage, a key for each user, and who is signed in. The schema's version is part of each key: another
 * version neither reads nor overwrites them. Storage that is missing, full or broken is as if it were empty.
 */
export class Cache {
  readonly sessionKey: string;
  readonly postKey: string;
  readonly #data: string;
  readonly #storage: () => StorageLike | undefined;

  constructor(env: Pick<Environment, "storage">, scope: string) {
    this.#storage = env.storage;
    this.#data = `stipend/${scope}/data/`;
    this.sessionKey = `stipend/${scope}/session/v1`;
    this.postKey = `stipend/${scope}/post/v1`;
  }

  keyOf(userId: string): string {
    return `${this.#data}v1/${userId}`;
  }

  load(userId: string): Copy | undefined {
    return readCopy(this.read(this.keyOf(userId)), userId);
  }

  /** A copy that can't be written leaves no older one behind. */
  save(copy: Copy): void {
    const key = this.keyOf(copy.userId);
    if (!this.write(key, JSON.stringify(copy))) this.remove(key);
  }

  /** Every copy of any user and schema, but `userId`'s. */
  forgetAllBut(userId: string | null): void {
    this.#try((storage) => {
      const keys = Array.from({ length: storage.length }, (_, index) => storage.key(index));
      const kept = userId === null ? undefined : `/${userId}`;
      for (const key of keys) {
        if (!key?.startsWith(this.#data)) continue;
        const owner = key.slice(key.indexOf("/", this.#data.length));
        if (owner !== kept) storage.removeItem(key);
      }
    });
  }

  /** Who is signed in: undefined when storage does not say, null when it says nobody. */
  signedIn(): string | null | undefined {
    const value = parse(this.read(this.sessionKey));
    if (!isRecord(value)) return undefined;
    const { user } = value;
    return typeof user === "string" || user === null ? user : undefined;
  }

  setSignedIn(userId: string | null): void {
    const value = JSON.stringify({ user: userId });
    if (this.read(this.sessionKey) === value) return;
    if (!this.write(this.sessionKey, value)) this.remove(this.sessionKey);
  }

  read(key: string): string | null {
    return this.#try((storage) => storage.getItem(key)) ?? null;
  }

  /** False when it could not be stored. */
  write(key: string, value: string): boolean {
    const written = this.#try((storage) => {
      storage.setItem(key, value);
      return true;
    });
    return written ?? false;
  }

  remove(key: string): void {
    this.#try((storage) => storage.removeItem(key));
  }

  #try<T>(use: (storage: StorageLike) => T): T | undefined {
    try {
      const storage = this.#storage();
      return storage === undefined ? undefined : use(storage);
    } catch {
      return undefined;
    }
  }
}

/** What a stored text holds, when it is this user's and whole. */
export function readCopy(text: string | null, userId: string): Copy | undefined {
  const value = parse(text);
  if (!isRecord(value) || value["userId"] !== userId || !Number.isFinite(value["at"])) return undefined;
  const credits = readCredits(value["credits"]);
  const membership = readMembership(value["membership"]);
  return {
    userId,
    credits: credits?.userId === userId ? credits : null,
    membership: membership?.userId === userId ? membership : null,
    grants: readGrants(value["grants"]) ?? null,
    at: value["at"] as number,
  };
}

export function parse(text: string | null): unknown {
  if (text === null) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
