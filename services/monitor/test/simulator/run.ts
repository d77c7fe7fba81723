import type { CreditsSide, ViewSide } from "../../src/domain/consistency.ts";
import { compare } from "../../src/domain/consistency.ts";
import type { MonitorEvent } from "../../src/domain/events.ts";
import type { RuleBook } from "../../src/rules/all.ts";
import { checkAccounts } from "../../src/usecases/check-consistency.ts";
import { detectGaps } from "../../src/usecases/detect-gaps.ts";
import { inspectMembers } from "../../src/usecases/inspect-members.ts";
import { observeEvents } from "../../src/usecases/observe-events.ts";
import type {
  CheckSource,
  CheckStore,
  Delivery,
  GapStore,
  InspectStore,
  MachineryStore,
  ObserveStore,
  RecoveryStore,
  SettleStore,
} from "../../src/usecases/ports.ts";
import { settleWindows } from "../../src/usecases/settle-windows.ts";
import { recoverDueAlerts } from "../../src/usecases/tidy.ts";
import { watchAuditChain, watchDeadLetters, watchLag, watchOutboxes } from "../../src/usecases/watch-machinery.ts";
import { resetSerial } from "./account.ts";
import { Anomalies } from "./anomalies.ts";
import { Random } from "./random.ts";
import { DAY, HOUR, MINUTE } from "./time.ts";
import { type Label, World } from "./world.ts";

/** The monitor's own stores on a real database. */
export interface Stores {
  readonly observe: ObserveStore & GapStore & RecoveryStore;
  readonly members: InspectStore;
  readonly windows: SettleStore;
  readonly checks: CheckStore;
  readonly machinery: MachineryStore;
}

export interface Simulation {
  readonly accounts: number;
  readonly days: number;
  readonly seed: number;
  /** Planted of every kind. */
  readonly each: number;
  readonly batch: number;
  /** How often the jobs look, in simulated time. */
  readonly jobsEveryMinutes: number;
  readonly onDay?: (day: number, events: number) => void;
  /** Called before every batch: a test may kill the process then. */
  readonly beforeBatch?: (batch: number) => void;
  /** The same batch once more, as after a crash between commit and offset: one in so many. 0: never. */
  readonly redeliverEvery?: number;
}

const START = Date.UTC(2026, 2, 10);
const PARTITIONS = 6;

/** Writes the days one after the other and gives them to the monitor's own use cases, as Kafka and the jobs would. */
export async function simulate(
  stores: () => Stores,
  book: RuleBook,
  options: Simulation,
): Promise<{ readonly labels: readonly Label[]; readonly events: number }> {
  resetSerial();
  const { accounts, days, seed, each } = options;
  const world = new World({ seed, start: START, days, accounts });
  const anomalies = new Anomalies(world, each);
  const feed = new Feed(stores, book, options);
  await feed.events(world.prologue(), START);
  for (let day = 0; day < days; day++) {
    const events = world.day(day, [anomalies.on(day)]).filter(({ id }) => !anomalies.isDropped(id));
    await feed.events(events, START + (day + 1) * DAY);
    options.onDay?.(day + 1, feed.count);
  }
  await feed.jobs(START + days * DAY + HOUR);
  await machinery(stores(), book, world, each);
  return { labels: world.labels, events: feed.count };
}

/** Events in order of arrival: in order within a partition, which may stand still for minutes; now and then twice. */
class Feed {
  readonly #stores: () => Stores;
  readonly #book: RuleBook;
  readonly #options: Simulation;
  readonly #delays: Random;
  readonly #arrived = new Map<number, number>();
  #now = START;
  #jobsAt = START;
  #batches = 0;
  count = 0;

  constructor(stores: () => Stores, book: RuleBook, options: Simulation) {
    this.#stores = stores;
    this.#book = book;
    this.#options = options;
    this.#delays = new Random(options.seed + 1);
  }

  async events(events: readonly MonitorEvent[], until: number): Promise<void> {
    const arrivals = events.map((event) => this.#arrival(event)).sort((a, b) => a.at - b.at);
    let batch: Delivery[] = [];
    for (const { at, delivery } of arrivals) {
      // What waits for time is judged at its time, not with the batch.
      const isTime = at >= this.#jobsAt + this.#options.jobsEveryMinutes * MINUTE;
      if (batch.length === this.#options.batch || isTime) {
        await this.#observe(batch);
        batch = [];
        if (isTime) await this.jobs(at);
      }
      batch.push(delivery);
      this.#now = Math.max(this.#now, at);
    }
    await this.#observe(batch);
    await this.jobs(Math.max(until, this.#now));
  }

  #arrival(event: MonitorEvent): { at: number; delivery: Delivery } {
    const key = "userId" in event ? event.userId : event.type === "admin_action" ? event.target : "";
    const topic = event.type === "credits_changed" ? "credits.v1" : `${event.type}.v1`;
    const partition = hash(`${topic} ${key}`) % PARTITIONS;
    // Some partition stands still for up to four minutes now and then.
    const lateness = this.#delays.chance(0.002) ? this.#delays.whole(0, 4 * MINUTE) : this.#delays.whole(5, 400);
    const place = hash(topic) * PARTITIONS + partition;
    const at = Math.max(this.#arrived.get(place) ?? 0, Math.max(event.at.getTime(), START) + lateness);
    this.#arrived.set(place, at);
    return { at, delivery: { event, topic, partition, offset: this.count++ } };
  }

  async #observe(batch: readonly Delivery[]): Promise<void> {
    if (batch.length === 0) return;
    const { beforeBatch, redeliverEvery = 0 } = this.#options;
    beforeBatch?.(this.#batches);
    const around = { now: new Date(this.#now), timeZone: "UTC" };
    await observeEvents(this.#stores().observe, this.#book, batch, around);
    if (redeliverEvery > 0 && this.#batches % redeliverEvery === 0) {
      await observeEvents(this.#stores().observe, this.#book, batch, around);
    }
    this.#batches += 1;
  }

  async jobs(at: number): Promise<void> {
    this.#jobsAt = at;
    const now = new Date(at);
    const { observe, members, windows } = this.#stores();
    while ((await inspectMembers(members, this.#book, { now, timeZone: "UTC" })).more);
    while (await settleWindows(windows, this.#book, now));
    await detectGaps(observe, this.#book, now);
    await recoverDueAlerts(observe, now);
  }
}

function hash(text: string): number {
  let sum = 7;
  for (let place = 0; place < text.length; place++) sum = (Math.imul(sum, 31) + text.charCodeAt(place)) >>> 0;
  return sum % 1_000;
}

/** What no event tells: planted where the jobs look, among healthy neighbours. */
async function machinery(stores: Stores, book: RuleBook, world: World, each: number): Promise<void> {
  const at = (minutes: number) => new Date(START + world.days * DAY + HOUR + minutes * MINUTE);
  const names = Array.from({ length: each }, (_, n) => n);
  const groups = (behind: number) => [
    ...names.map((n) => ({ group: `sim.credits-${n}`, name: `credits-${n}`, messages: behind, topics: [] })),
    { group: "sim.monitor", name: "monitor", messages: 3, topics: [] },
  ];
  await watchLag(stores.machinery, groups(50_000), book.jobs, at(0));
  await watchLag(stores.machinery, groups(60_000), book.jobs, at(6));
  await watchOutboxes(
    stores.machinery,
    [
      ...names.map((n) => ({ service: `service-${n}`, pending: 9, failed: 0, oldestAt: at(-5) })),
      { service: "credits", pending: 2, failed: 0, oldestAt: at(0) },
    ],
    book.jobs,
    at(0),
  );
  await watchDeadLetters(
    stores.machinery,
    [
      ...names.map((n) => ({ topic: `sim.topic-${n}.dlq`, messages: 1, ever: 1 })),
      { topic: "sim.credits.v1.dlq", messages: 0, ever: 4 },
    ],
    book.jobs,
    at(0),
  );
  await watchAuditChain(stores.machinery, { valid: false, checked: 9, firstBad: { seq: 4 } }, book.jobs, at(0));
  world.expect("audit_chain_broken", "audit");
  for (const n of names) {
    world.expect("consumer_lag", `sim.credits-${n}`);
    world.expect("outbox_age", `service-${n}`);
    world.expect("dlq_not_empty", `sim.topic-${n}.dlq`);
  }
  const books = new Books(world, each);
  for (const minutes of [0, 6]) {
    for (let from = 0; from < books.ids.length; from += 500) {
      await checkAccounts(books, stores.checks, book.jobs, books.ids.slice(from, from + 500), at(minutes));
    }
  }
}

/** Every account as credits and the view show it: some differ at the same version, some stand still. */
class Books implements CheckSource {
  readonly ids: readonly string[];
  readonly #credits: ReadonlyMap<string, CreditsSide>;
  readonly #views: ReadonlyMap<string, ViewSide>;

  constructor(world: World, each: number) {
    const credits = new Map<string, CreditsSide>();
    const views = new Map<string, ViewSide>();
    world.accounts.forEach(({ userId, version, balance }, n) => {
      credits.set(userId, { userId, version, balance, held: 0, status: "active", problems: [] });
      const wrong = n < each;
      const still = n >= each && n < 2 * each && version > 0;
      views.set(userId, {
        userId,
        balance: wrong ? balance + 1 : balance,
        held: 0,
        balanceVersion: still ? version - 1 : version,
      });
      if (wrong) world.expect("balance_difference", userId);
      else if (still) world.expect("view_lag", userId);
      const books = credits.get(userId);
      const view = views.get(userId) ?? null;
      if (books === undefined || (compare(books, view).result === "different") !== wrong)
        throw new Error("badly planted");
    });
    this.ids = [...credits.keys()].sort();
    this.#credits = credits;
    this.#views = views;
  }

  page() {
    return Promise.reject(new Error("accounts are asked by name here"));
  }

  accounts(ids: readonly string[]) {
    return Promise.resolve(ids.flatMap((id) => this.#credits.get(id) ?? []));
  }

  views(ids: readonly string[]) {
    return Promise.resolve(ids.flatMap((id) => this.#views.get(id) ?? []));
  }

  plans() {
    return Promise.reject(new Error("the books are sound here"));
  }
}
