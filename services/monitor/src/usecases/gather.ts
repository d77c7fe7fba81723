import type { Evidence } from "../domain/alerts.ts";
import type { MonitorEvent } from "../domain/events.ts";
import type { Step } from "../domain/phases.ts";
import type { RuleBook } from "../rules/all.ts";
import type { ActiveRule } from "../rules/rule.ts";
import type { EventContext, Signal, TallySignal } from "../rules/signal.ts";
import type { Expectation, MetExpectation, Observation, SeenValue, TallyItem } from "./ports.ts";

/** One event to be held against its subject's history. */
export interface Weighing {
  readonly rule: ActiveRule;
  readonly signal: TallySignal;
  readonly at: Date;
}

/** What all rules make of a batch, added up for the procedures. */
export class Gathered {
  readonly steps: Step[] = [];
  readonly observations: Observation[] = [];
  readonly weighings: Weighing[] = [];
  readonly #tallies = new Map<string, TallyItem>();
  readonly #values = new Map<string, SeenValue & { readonly evidence: Evidence }>();
  readonly #expected = new Map<string, Expectation>();
  readonly #met = new Map<string, MetExpectation>();

  get tallies(): readonly TallyItem[] {
    return [...this.#tallies.values()];
  }

  get values(): readonly (SeenValue & { readonly evidence: Evidence })[] {
    return [...this.#values.values()];
  }

  get expected(): readonly Expectation[] {
    return [...this.#expected.values()];
  }

  get met(): readonly MetExpectation[] {
    return [...this.#met.values()];
  }

  /** @param now when expectations begin to wait: the explanation may be as late as this event is. */
  look(book: RuleBook, event: MonitorEvent, context: EventContext, now: Date): void {
    for (const rule of book.active) {
      for (const signal of rule.observe(event, context)) this.#take(rule, signal, event, now);
    }
  }

  #take(rule: ActiveRule, signal: Signal, event: MonitorEvent, now: Date): void {
    const { at } = event;
    switch (signal.kind) {
      case "finding":
        this.steps.push({ kind: "raise", finding: rule.finding(signal, at) });
        break;
      case "recovery":
        this.steps.push({ kind: "recover", recovery: rule.recovery(signal.subject, at) });
        break;
      case "observation":
        this.#observe(rule, signal.subject, signal.amount, event);
        break;
      case "tally":
        this.#tally(rule, signal, at);
        break;
      case "value":
        this.#value(rule, signal, at);
        break;
      case "expect": {
        const { key, userId, evidence } = signal;
        const dueAt = new Date(Math.max(at.getTime(), now.getTime()) + rule.patienceMs);
        this.#expected.set(`${rule.name} ${key}`, { rule: rule.name, key, userId, at, dueAt, evidence });
        break;
      }
      case "met":
        this.#met.set(`${rule.name} ${signal.key}`, { rule: rule.name, key: signal.key, at });
        break;
    }
  }

  #observe(rule: ActiveRule, subject: string, amount: number, { at, id: eventId }: MonitorEvent): void {
    if (rule.limit === null) return;
    const episodeMs = rule.recoverAfterMs ?? 0;
    this.observations.push({ rule: rule.name, subject, at, eventId, amount, ...rule.limit, episodeMs });
  }

  #tally(rule: ActiveRule, signal: TallySignal, at: Date): void {
    if (rule.tally === null) return;
    const { subject, member, amount, marked } = signal;
    const bucketMs = Math.floor(at.getTime() / rule.tally.stepMs) * rule.tally.stepMs;
    const key = JSON.stringify([rule.name, subject, bucketMs, member]);
    const before = this.#tallies.get(key);
    this.#tallies.set(key, {
      rule: rule.name,
      subject,
      bucketMs,
      member,
      events: (before?.events ?? 0) + 1,
      amount: (before?.amount ?? 0) + amount,
      marked: (before?.marked ?? 0) + marked,
      ...rule.tally,
      episodeMs: rule.recoverAfterMs ?? 0,
    });
    if (signal.weigh !== undefined) this.weighings.push({ rule, signal, at });
  }

  #value(rule: ActiveRule, signal: Extract<Signal, { kind: "value" }>, at: Date): void {
    const { subject, facet, value, evidence } = signal;
    const key = JSON.stringify([rule.name, subject, facet, value]);
    const before = this.#values.get(key);
    const first = before === undefined || at < before.firstAt;
    this.#values.set(key, {
      rule: rule.name,
      subject,
      facet,
      value,
      firstAt: first ? at : before.firstAt,
      lastAt: before === undefined || at > before.lastAt ? at : before.lastAt,
      learnMs: rule.learnMs,
      evidence: first ? evidence : before.evidence,
    });
  }
}
