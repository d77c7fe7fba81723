import type { DevClock } from "@stipend/platform/clock/clock";
import type { ClockSetting } from "@stipend/proto/http/gateway";
import type { z } from "zod";
import type { Caller } from "../forward/identity.ts";
import type { JsonClient } from "../forward/json-client.ts";
import { Refusal } from "../http/refusal.ts";
import { advance, parseIsoDuration } from "./advance.ts";

export interface ClockMoverOptions {
  readonly clock: DevClock;
  /** Where a service that starts later finds the offset: Redis. */
  readonly store: (key: string, value: string) => Promise<unknown>;
  readonly key: string;
  readonly services: readonly { readonly name: string; readonly client: Pick<JsonClient, "call"> }[];
}

/**
 * Moves the domain time of the whole system: Redis first (for services that start later), then every service, then
 * this process. It answers only when all have moved, so what follows sees the new time everywhere.
 */
export class ClockMover {
  readonly #options: ClockMoverOptions;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: ClockMoverOptions) {
    this.#options = options;
  }

  /**
   * @throws Refusal validation_failed for a time out of bounds; clock_not_everywhere naming the services that did not
   *   answer. Safe to repeat with `now` and `real`; after a failure `advance` begins from the clock before.
   */
  async move(setting: z.output<typeof ClockSetting>, caller: Caller): Promise<{ now: Date; offsetMs: number }> {
    const turn = this.#last.then(() => this.#moveNow(setting, caller));
    this.#last = turn.catch(() => undefined);
    return await turn;
  }

  async #moveNow(setting: z.output<typeof ClockSetting>, caller: Caller): Promise<{ now: Date; offsetMs: number }> {
    const { clock, store, key } = this.#options;
    const offsetMs = offsetOf(setting, clock.now());
    try {
      await store(key, String(offsetMs));
    } catch (cause) {
      throw notEverywhere(["redis"], cause);
    }
    await this.#moveServices(offsetMs, caller);
    clock.setOffset(offsetMs);
    return { now: clock.now(), offsetMs };
  }

  async #moveServices(offsetMs: number, caller: Caller): Promise<void> {
    const outcomes = await Promise.all(
      this.#options.services.map(async ({ name, client }) => {
        const call = {
          method: "PUT",
          path: "/internal/dev/clock",
          body: { offsetMs },
          caller,
          timeoutMs: 5_000,
        } as const;
        const status = await client.call(call).then(
          (answer) => answer.status,
          () => 0,
        );
        return { name, moved: status >= 200 && status < 300 };
      }),
    );
    const services = outcomes.filter(({ moved }) => !moved).map(({ name }) => name);
    if (services.length > 0) throw notEverywhere(services);
  }
}

function notEverywhere(services: readonly string[], cause?: unknown): Refusal {
  return new Refusal("clock_not_everywhere", {
    message: `These did not take the new time: ${services.join(", ")}`,
    details: { services },
    retryAfterSeconds: 1,
    cause,
  });
}

/** 200 years either way: what every clock and every DATETIME can take. */
const MAX_OFFSET_MS = 200 * 365 * 86_400_000;

function offsetOf(setting: z.output<typeof ClockSetting>, present: Date): number {
  if (setting.real === true) return 0;
  const target = setting.now === undefined ? advance(present, stepOf(setting)) : new Date(setting.now);
  const offsetMs = target.getTime() - Date.now();
  if (!Number.isSafeInteger(offsetMs) || Math.abs(offsetMs) > MAX_OFFSET_MS) {
    throw new Refusal("validation_failed", { message: "The clock can be moved 200 years at most" });
  }
  return offsetMs;
}

function stepOf(setting: z.output<typeof ClockSetting>) {
  const step = setting.advance ?? {};
  return typeof step === "string" ? parseIsoDuration(step) : step;
}
