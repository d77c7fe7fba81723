import type { Clock } from "@stipend/platform/clock/clock";
import { IntervalJob } from "@stipend/platform/jobs/interval";
import type { Log } from "@stipend/platform/log/log";
import type { MonitorSettings } from "../settings/settings.ts";
import type { MonitorCounts } from "../usecases/counts.ts";
import type { AuditProof, GroupLag, Letters, MachineryStore, OutboxState } from "../usecases/ports.ts";
import { isWatched, watchAuditChain, watchDeadLetters, watchLag, watchOutboxes } from "../usecases/watch-machinery.ts";

export interface MachineryOptions {
  readonly store: MachineryStore;
  readonly kafka: {
    lags(wanted: (name: string) => boolean): Promise<readonly GroupLag[]>;
    deadLetters(): Promise<readonly Letters[]>;
  };
  /** One for each service with an outbox. */
  readonly outboxes: readonly (() => Promise<OutboxState>)[];
  readonly proveAuditLog: (signal: AbortSignal) => Promise<AuditProof>;
  /** The monitor's own group, without the prefix. */
  readonly ownGroup: string;
  readonly settings: () => MonitorSettings;
  readonly counts: MonitorCounts;
  readonly clock: Clock;
  readonly log: Log;
  readonly onCommit: () => void;
}

const LOOK_EVERY_MS = 5_000;

/** Looks at what carries the events: groups, outboxes, dead letters, the audit log. */
export class MachineryWatch {
  readonly #options: MachineryOptions;
  #lags: readonly GroupLag[] | null = null;
  #proveAt = 0;

  constructor(options: MachineryOptions) {
    this.#options = options;
  }

  /** Events that this service has not read yet, at the last look; null: there was none, or Kafka was away. */
  get behind(): number | null {
    return this.#lags?.find(({ name }) => name === this.#options.ownGroup)?.messages ?? null;
  }

  /** Of every watched group at the last look; null: Kafka was away. */
  get lags(): readonly GroupLag[] | null {
    return this.#lags;
  }

  jobs(): IntervalJob[] {
    const { store, kafka, settings, clock, log, onCommit } = this.#options;
    const job = (name: string, everyMs: number, work: (signal: AbortSignal) => Promise<void>) =>
      new IntervalJob({
        name,
        everyMs,
        log,
        run: async (signal) => {
          await work(signal);
          onCommit();
        },
      });
    return [
      job("consumer-lag", LOOK_EVERY_MS, () => this.#watchLag()),
      job("dead-letters", 4 * LOOK_EVERY_MS, async () => {
        const letters = await kafka.deadLetters();
        const rules = settings().rules.jobs;
        await watchDeadLetters(store, letters, rules, clock.now());
        this.#judged("dlq_not_empty", rules.dlqNotEmpty, letters.length);
      }),
      job("outbox-age", 2 * LOOK_EVERY_MS, () => this.#watchOutboxes()),
      job("audit-chain", LOOK_EVERY_MS, (signal) => this.#proveAuditLog(signal)),
    ];
  }

  async #watchLag(): Promise<void> {
    const { store, kafka, settings, clock, ownGroup } = this.#options;
    try {
      const rules = settings().rules.jobs;
      const { groups } = rules.consumerLag;
      const lags = await kafka.lags((name) => name === ownGroup || isWatched(name, groups));
      this.#lags = lags;
      await watchLag(store, lags, rules, clock.now());
      this.#judged("consumer_lag", rules.consumerLag, lags.length);
    } catch (error) {
      this.#lags = null;
      throw error;
    }
  }

  /** A service that is away says nothing of its outbox; that it is away is for others to tell. */
  async #watchOutboxes(): Promise<void> {
    const { store, outboxes, settings, clock, log } = this.#options;
    const states = await Promise.allSettled(outboxes.map((ask) => ask()));
    for (const state of states) {
      if (state.status === "rejected") log.debug({ err: state.reason as unknown }, "an outbox could not be asked");
    }
    const known = states.flatMap((state) => (state.status === "fulfilled" ? [state.value] : []));
    const rules = settings().rules.jobs;
    await watchOutboxes(store, known, rules, clock.now());
    this.#judged("outbox_age", rules.outboxAge, known.length);
  }

  async #proveAuditLog(signal: AbortSignal): Promise<void> {
    const { store, proveAuditLog, settings, clock } = this.#options;
    const rules = settings().rules.jobs;
    const { enabled, everyMinutes } = rules.auditChain;
    if (!enabled || performance.now() < this.#proveAt) return;
    await watchAuditChain(store, await proveAuditLog(signal), rules, clock.now());
    this.#judged("audit_chain", rules.auditChain, 1);
    this.#proveAt = performance.now() + everyMinutes * 60_000;
  }

  #judged(rule: string, { enabled }: { readonly enabled: boolean }, count: number): void {
    if (enabled) this.#options.counts.evaluations([rule], count);
  }
}
