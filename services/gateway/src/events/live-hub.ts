import { type OpenStream, OpenStreams } from "./open-streams.ts";
import type { LiveState } from "./states.ts";

/** One open stream of a user, as the hub sees it. */
export interface Listener extends OpenStream {
  /** Must not block and must not throw. */
  push(state: LiveState): void;
}

/** Who listens to whom. */
export class LiveHub extends OpenStreams<Listener> {
  publish(state: LiveState): void {
    for (const listener of this.of(state.userId)) listener.push(state);
  }
}
