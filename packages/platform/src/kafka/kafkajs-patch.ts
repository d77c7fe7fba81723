import { createRequire } from "node:module";

interface RequestQueue {
  pending: unknown[];
  throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  checkPendingRequests(): void;
}

const CHECK_INTERVAL_MS = 10;

let patched = false;

/**
 * kafkajs 2.2.4 sets a timer after every answer even when nothing waits, for `throttledUntil - now` with throttledUntil
 * at -1: a negative delay, which Node 24 warns of, and a wasted wake-up. Here the timer is set only when requests wait,
 * and never in the past.
 */
export function patchKafkajs(): void {
  if (patched) return;
  patched = true;
  const require = createRequire(import.meta.url);
  const queue = require("kafkajs/src/network/requestQueue/index.js") as { prototype: object };
  Object.assign(queue.prototype, {
    scheduleCheckPendingRequests(this: RequestQueue): void {
      if (this.pending.length === 0 || this.throttleCheckTimeoutId !== null) return;
      const throttled = this.throttledUntil - Date.now();
      this.throttleCheckTimeoutId = setTimeout(
        () => {
          this.throttleCheckTimeoutId = null;
          this.checkPendingRequests();
        },
        throttled > 0 ? throttled : CHECK_INTERVAL_MS,
      );
    },
  });
}
