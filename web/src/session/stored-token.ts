import { type Claims, claimsOf, type SessionUser } from "./session.ts";

const KEY = "stipend:session";

/** A token kept for this browser: all windows share it, and learn of a sign-in or sign-out at once. */
export class StoredToken {
  readonly #listeners = new Set<() => void>();
  #token: string | undefined;
  #claims: Claims | undefined;

  constructor() {
    this.#take(read());
    this.current();
    addEventListener("storage", (event) => {
      if (event.key !== KEY && event.key !== null) return;
      this.#take(read());
      this.#tell();
    });
  }

  /** The same object until it changes. */
  get user(): SessionUser | undefined {
    return this.#claims;
  }

  /** undefined: none, or it has expired. */
  current(): string | undefined {
    if (this.#claims !== undefined && this.#claims.expiresAt <= Date.now()) this.set(undefined);
    return this.#token;
  }

  /** @throws Error for a token that can't be read or has expired. */
  set(token: string | undefined): void {
    if (token !== undefined && claimsOf(token).expiresAt <= Date.now()) throw new Error("an expired token");
    if (token === this.#token) return;
    this.#take(token);
    write(token);
    this.#tell();
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #take(token: string | undefined): void {
    this.#token = token;
    this.#claims = token === undefined ? undefined : claimsOf(token);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** Storage may be missing (private mode) or hold somebody else's text. */
function read(): string | undefined {
  try {
    const token = localStorage.getItem(KEY) ?? undefined;
    if (token !== undefined) claimsOf(token);
    return token;
  } catch {
    return undefined;
  }
}

function write(token: string | undefined): void {
  try {
    if (token === undefined) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, token);
  } catch {
    // This window keeps it; others have to sign in themselves.
  }
}
