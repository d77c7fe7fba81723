import { randomUUID } from "node:crypto";
import { create, toBinary } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { OutgoingEvent } from "@stipend/platform/kafka/events";
import type { Part } from "@stipend/platform/lifecycle/lifecycle";
import type { Log } from "@stipend/platform/log/log";
import { counter, gauge } from "@stipend/platform/telemetry/metrics";
import { currentTraceparent } from "@stipend/platform/telemetry/trace";
import { AccessRefusedSchema } from "@stipend/proto/events/security/v1/events";
import type { Caller } from "../forward/identity.ts";

export interface Refused {
  /** The problem's code. */
  readonly code: string;
  /** Empty when the token could not be trusted. */
  readonly subject: string;
  readonly roles: readonly string[];
  readonly method: string;
  /** The route's pattern. */
  readonly route: string;
  readonly caller: Caller;
}

export interface RefusalLogOptions {
  readonly publish: (events: OutgoingEvent[]) => Promise<void>;
  readonly topic: string;
  readonly log: Log;
  /** How long an answer waits for Kafka. Default 1,000 ms. */
  readonly waitMs?: number;
  /** Events kept while Kafka is away; the newest beyond it are counted and lost. Default 10,000. */
  readonly spoolSize?: number;
}

const BATCH = 500;

/**
 * Tells stipend.security.v1 who was refused. An event is on its way before the refused caller has its answer; while
 * Kafka is away events wait in this process, within a bound, and go out when it is back.
 */
export class RefusalLog implements Part {
  readonly name = "security events";
  readonly #options: RefusalLogOptions;
  readonly #spool: OutgoingEvent[] = [];
  readonly #lost = counter("gateway_security_events_lost", "Security events dropped because the spool was full");
  #sending: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #endGauge: (() => void) | undefined;

  constructor(options: RefusalLogOptions) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#spool.length;
  }

  async start(): Promise<void> {
    this.#endGauge = gauge("gateway_security_spool", "Security events that wait for Kafka", () => this.#spool.length);
    this.#timer = setInterval(() => void this.#flush(), 1_000);
    this.#timer.unref();
  }

  async drain(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.race([this.#flush(), this.#patience()]);
    if (this.#spool.length > 0)
      this.#options.log.error({ lost: this.#spool.length }, "security events lost at the end");
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#endGauge?.();
  }

  /** Resolves when Kafka has it (acks=all), or after the patience of one answer; it goes on waiting in the spool then. */
  async record(refused: Refused): Promise<void> {
    if (this.#spool.length >= (this.#options.spoolSize ?? 10_000)) {
      this.#lost.add(1);
      this.#options.log.error({ code: refused.code, route: refused.route }, "security spool is full: event lost");
      return;
    }
    this.#spool.push(this.#event(refused));
    await Promise.race([this.#flushAll(), this.#patience()]);
  }

  /** What was put in before the call is out when it resolves, unless Kafka refuses. */
  async #flushAll(): Promise<void> {
    await this.#sending;
    await this.#flush();
  }

  #flush(): Promise<void> {
    this.#sending ??= this.#send().finally(() => {
      this.#sending = undefined;
    });
    return this.#sending;
  }

  async #send(): Promise<void> {
    while (this.#spool.length > 0) {
      const batch = this.#spool.slice(0, BATCH);
      try {
        await this.#options.publish(batch);
      } catch (error) {
        this.#options.log.warn({ err: error, waiting: this.#spool.length }, "security events wait for Kafka");
        return;
      }
      this.#spool.splice(0, batch.length);
    }
  }

  #patience(): Promise<void> {
    return new Promise((resolve) => {
      setTimeout(resolve, this.#options.waitMs ?? 1_000).unref();
    });
  }

  #event(refused: Refused): OutgoingEvent {
    const id = randomUUID();
    const time = new Date();
    const { caller, subject } = refused;
    const message = create(AccessRefusedSchema, {
      id,
      subject,
      roles: [...refused.roles],
      code: refused.code,
      method: refused.method,
      route: refused.route,
      ip: caller.ip,
      userAgent: caller.userAgent,
      requestId: caller.requestId,
      occurredAt: timestampFromDate(time),
    });
    const traceparent = currentTraceparent() ?? caller.traceparent;
    return {
      id,
      topic: this.#options.topic,
      type: AccessRefusedSchema.typeName,
      source: "/stipend/gateway",
      subject: subject === "" ? caller.ip : subject,
      time,
      data: toBinary(AccessRefusedSchema, message),
      ...(traceparent === undefined ? {} : { traceparent }),
    };
  }
}
