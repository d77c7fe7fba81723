import type { Environment, LocksLike, Peer, StorageLike } from "./types.ts";

/** Undefined where the browser has none or refuses it, as for storage in some private modes. */
function attempt<T>(get: () => T | null | undefined): T | undefined {
  try {
    return get() ?? undefined;
  } catch {
    return undefined;
  }
}

/** "" where there is no page, as on a server. */
function pageOrigin(): string {
  return attempt(() => location.origin) ?? "";
}

/** Its origin can be read only when it is our own. */
function peer(other: Window | null | undefined): readonly Peer[] {
  if (!other || other === window) return [];
  return [{ window: other, origin: attempt(() => other.location.origin) ?? null }];
}

/** 128 random bits. randomUUID is missing on pages without https. */
function randomId(): string {
  return crypto.getRandomValues(new Uint32Array(4)).join("-");
}

/** The browser around this page. */
export function browserEnvironment(): Environment {
  return {
    fetch: (input, init) => fetch(input, init),
    now: () => Date.now(),
    monotonic: () => performance.now(),
    setTimeout: (run, ms) => setTimeout(run, ms),
    random: randomId,
    storage: () => attempt<StorageLike>(() => localStorage),
    channel: (name, receive) =>
      attempt(() => {
        const channel = new BroadcastChannel(name);
        channel.onmessage = (event) => receive(event.data);
        return channel;
      }),
    locks: () => attempt<LocksLike>(() => navigator.locks as unknown as LocksLike),
    origin: pageOrigin(),
    peers: () => attempt(() => [...peer(window.parent), ...peer(window.opener as Window | null)]) ?? [],
    visible: () => attempt(() => document.visibilityState === "visible") ?? true,
    listen: (type, listener) => {
      // All of them come by the window; visibilitychange bubbles up to it.
      attempt(() => window.addEventListener(type, listener));
      return () => attempt(() => window.removeEventListener(type, listener));
    },
  };
}
