import type { Environment, LocksLike, Peer, StorageLike } from "./types.ts";

/** Undefined where the browser has none or refuses it, as for storage in some private modes. */
function attempt<T>(get: () => T | null | undefined): T | undefined {
  try {
    return get() ?? undefined;
  } catch {
    return undefined;
  }
}

/** Its origin can be read only when it is our own. */
function peer(other: Window | null): readonly Peer[] {
  if (!other || other === window) return [];
  return [{ window: other, origin: attempt(() => other.location.origin) ?? null }];
}

/** The browser around this page. */
export function browserEnvironment(): Environment {
  return {
    fetch: (input, init) => fetch(input, init),
    now: () => Date.now(),
    monotonic: () => performance.now(),
    setTimeout: (run, ms) => setTimeout(run, ms),
    // 128 bits. randomUUID is missing on pages without https.
    random: () => crypto.getRandomValues(new Uint32Array(4)).join("-"),
    storage: () => attempt<StorageLike>(() => localStorage),
    channel: (name, receive) =>
      attempt(() => {
        const channel = new BroadcastChannel(name);
        channel.onmessage = (event) => receive(event.data);
        return channel;
      }),
    locks: () => attempt<LocksLike>(() => navigator.locks as unknown as LocksLike),
    // "" where there is no page, as on a server.
    origin: attempt(() => location.origin) ?? "",
    peers: () => attempt(() => [window.parent, window.opener as Window | null].flatMap(peer)) ?? [],
    visible: () => attempt(() => document.visibilityState) !== "hidden",
    listen: (type, listener) => {
      // All of them come by the window; visibilitychange bubbles up to it.
      globalThis.addEventListener?.(type, listener as EventListener);
      return () => globalThis.removeEventListener?.(type, listener as EventListener);
    },
  };
}
