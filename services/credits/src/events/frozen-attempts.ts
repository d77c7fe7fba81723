import { create, toBinary } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { IntervalJob } from "@stipend/platform/jobs/interval";
import type { OutgoingEvent } from "@stipend/platform/kafka/events";
import type { Log } from "@stipend/platform/log/log";
import { counter } from "@stipend/platform/telemetry/metrics";
import { currentTraceparent } from "@stipend/platform/telemetry/trace";
import { AccessRefusedSchema } from "@stipend/proto/events/security/v1/events";
import { v7 as uuidv7 } from "uuid";
import type { TellFrozen } from "../usecases/tell-frozen.ts";

export interface FrozenAttemptsOptions {
  readonly publish: (events: OutgoingEvent[]) => Promise<void>;
  /** Full name of security.v1. */
  readonly topic: string;
  readonly now: () => Date;
  readonly log: Log;
}

/** Events that wait for the next second, or for Kafka; what is above is counted and lost. */
const MAX_WAITING = 1_000;
/** Of one account in a minute: enough for any rule, however hard somebody tries. */
const MAX_A_MINUTE = 30;
const BATCH = 200;

const ROUTES = { consume: "/api/credits/consume", hold: "/api/credits/holds" } as const;

const lost = counter(
  "credits_frozen_attempts_untold",
  "Refused attempts of frozen accounts that no event was sent for",
);

/**
 * Tells stipend.security.v1 of frozen accounts that go on trying to spend. Nothing is written to the database for a
 * refusal: events wait in this process for at most a second, and those of a process that dies are lost.
 */
export class FrozenAttempts extends IntervalJob {
  readonly tell: TellFrozen;

  constructor({ publish, topic, now, log }: FrozenAttemptsOptions) {
    const waiting: OutgoingEvent[] = [];
    super({
      name: "frozen-attempts",
      everyMs: 1_000,
      log,
      run: async () => {
        const batch = waiting.slice(0, BATCH);
        if (batch.length === 0) return false;
        await publish(batch);
        waiting.splice(0, batch.length);
        return waiting.length > 0;
      },
    });
    const quota = new Quota();
    this.tell = (userId, operation) => {
      const at = now();
      if (waiting.length >= MAX_WAITING || !quota.take(userId, at)) lost.add(1);
      else waiting.push(eventOf(userId, ROUTES[operation], topic, at));
    };
  }
}

/** So many a minute of each account. Bounded: a minute forgets all. */
class Quota {
  #used = new Map<string, number>();
  #minute = 0;

  take(userId: string, at: Date): boolean {
    const minute = Math.floor(at.getTime() / 60_000);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#used = new Map();
    }
    const used = this.#used.get(userId) ?? 0;
    if (used >= MAX_A_MINUTE || (used === 0 && this.#used.size >= MAX_WAITING)) return false;
    this.#used.set(userId, used + 1);
    return true;
  }
}

function eventOf(userId: string, route: string, topic: string, time: Date): OutgoingEvent {
  const id = uuidv7();
  const traceparent = currentTraceparent();
  return {
    id,
    topic,
    type: AccessRefusedSchema.typeName,
    source: "/stipend/credits",
    subject: userId,
    time,
    data: toBinary(
      AccessRefusedSchema,
      create(AccessRefusedSchema, {
        id,
        subject: userId,
        code: "account_frozen",
        method: "POST",
        route,
        occurredAt: timestampFromDate(time),
      }),
    ),
    ...(traceparent === undefined ? {} : { traceparent }),
  };
}
