import { setTimeout as sleep } from "node:timers/promises";

export interface EventuallyOptions {
  /** how long to go on trying; default 10 s */
  timeoutMs?: number;
  /** pause between tries; default 50 ms */
  everyMs?: number;
  /** what is waited for, for the message */
  what?: string;
}

/**
 * Calls `check` until it does not throw and returns its result: a bounded wait for something that happens by itself.
 *
 * @throws the check's last error, with the time that was waited, when it never passes.
 */
export async function eventually<T>(check: () => T | Promise<T>, options: EventuallyOptions = {}): Promise<T> {
  const timeoutMs = options.timeoutMs ?? 10_000;
  const giveUpAt = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() >= giveUpAt) {
        if (error instanceof Error)
          error.message = `${options.what ?? "it"} did not happen within ${timeoutMs} ms: ${error.message}`;
        throw error;
      }
    }
    await sleep(options.everyMs ?? 50);
  }
}
