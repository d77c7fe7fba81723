import { randomUUID } from "node:crypto";
import type { OutgoingEvent } from "@stipend/platform/kafka/events";
import { EventSpool } from "@stipend/platform/kafka/spool";
import type { Part } from "@stipend/platform/lifecycle/lifecycle";
import type { Log } from "@stipend/platform/log/log";
import { currentTraceparent } from "@stipend/platform/telemetry/trace";
import { accessRefused } from "@stipend/proto/audit/access-refused";
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

/** Tells stipend.security.v1 who was refused: on its way before the refused caller has its answer. */
export class RefusalLog implements Part {
  readonly name = "security events";
  readonly #topic: string;
  readonly #spool: EventSpool;

  constructor({ publish, topic, log, waitMs, spoolSize }: RefusalLogOptions) {
    this.#topic = topic;
    this.#spool = new EventSpool({
      name: "gateway security events",
      publish,
      log,
      ...(waitMs === undefined ? {} : { waitMs }),
      ...(spoolSize === undefined ? {} : { size: spoolSize }),
    });
  }

  get waiting(): number {
    return this.#spool.waiting;
  }

  start(): Promise<void> {
    return this.#spool.start();
  }

  drain(): Promise<void> {
    return this.#spool.drain();
  }

  stop(): Promise<void> {
    return this.#spool.stop();
  }

  /** Resolves when Kafka has it (acks=all), or after the patience of one answer; it goes on waiting in the spool then. */
  async record({ caller, ...refused }: Refused): Promise<void> {
    const id = randomUUID();
    const time = new Date();
    const { ip, userAgent, requestId } = caller;
    const traceparent = currentTraceparent() ?? caller.traceparent;
    await this.#spool.put([
      {
        ...accessRefused({ id, ...refused, ip, userAgent, requestId, at: time }),
        id,
        topic: this.#topic,
        source: "/stipend/gateway",
        subject: refused.subject === "" ? ip : refused.subject,
        time,
        ...(traceparent === undefined ? {} : { traceparent }),
      },
    ]);
  }
}
