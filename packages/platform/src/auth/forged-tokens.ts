import { randomUUID } from "node:crypto";
import type { OutgoingEvent } from "../kafka/events.ts";
import { ReportQuota } from "../kafka/report-quota.ts";
import { EventSpool } from "../kafka/spool.ts";
import type { Part } from "../lifecycle/lifecycle.ts";
import type { Log } from "../log/log.ts";
import type { ForgedToken } from "./internal.ts";

export interface ForgedTokensOptions {
  /** This service. */
  readonly service: string;
  readonly publish: (events: OutgoingEvent[]) => Promise<void>;
  /** Full name of the topic of security events. */
  readonly topic: string;
  readonly log: Log;
  /** Makes the event: the platform knows no contract. */
  readonly encode: (attempt: ForgedToken & { readonly id: string; readonly at: Date }) => {
    readonly type: string;
    readonly data: Uint8Array;
  };
}

/** Of one address and minute; more are refused without a word, so that a flood fills neither topic nor log. */
const QUOTA = { quota: 30, windowMs: 60_000, maxKeys: 10_000 };

/** Tells stipend.security.v1 of calls with an internal token that is none: somebody is inside the network and knocks. */
export class ForgedTokens implements Part {
  readonly name = "forged tokens";
  readonly #options: ForgedTokensOptions;
  readonly #spool: EventSpool;
  readonly #quota = new ReportQuota(QUOTA);

  constructor(options: ForgedTokensOptions) {
    this.#options = options;
    const { publish, log, service } = options;
    this.#spool = new EventSpool({ name: `${service} forged tokens`, publish, log, size: 1_000 });
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

  /** On its way, or in the spool, when it resolves. */
  async report(attempt: ForgedToken): Promise<void> {
    const { service, topic, log, encode } = this.#options;
    if (!this.#quota.take(attempt.ip)) return;
    log.warn({ ip: attempt.ip, path: attempt.path }, "a call with a forged internal token was refused");
    const id = randomUUID();
    const at = new Date();
    const source = `/stipend/${service}`;
    await this.#spool.put([{ ...encode({ ...attempt, id, at }), id, topic, source, subject: attempt.ip, time: at }]);
  }
}
