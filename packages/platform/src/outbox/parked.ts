import type { DedicatedConnection } from "../mysql/dedicated.ts";
import { type OutboxEvent, orderOf, type SortedEvents } from "./encode.ts";

/**
 * The events that were set aside, as one leading relay tries them again: all of them once, page by page, because a newer program may know a
 * type that the one before did not; then, and whenever looked for, those that waited behind one that a person gave up.
 */
export class ParkedEvents {
  readonly #connection: DedicatedConnection;
  readonly #limit: number;
  #mode: "all" | "freed" | "rest" = "all";
  /** The last one of the page before. */
  #after: readonly [id: number | string, place: number] = [0, 0];
  /** Orders of which one failed in this pass: what is behind it is on later pages. */
  readonly #held = new Set<string>();

  constructor(connection: DedicatedConnection, limit: number) {
    this.#connection = connection;
    this.#limit = limit;
  }

  get held(): ReadonlySet<string> {
    return this.#held;
  }

  lookForFreed(): void {
    if (this.#mode === "rest") this.#mode = "freed";
  }

  /** What to try now; the same again until settle() was called. Asks nobody when there is nothing to look for. */
  async next(): Promise<readonly OutboxEvent[]> {
    if (this.#mode === "rest") return [];
    const rows =
      this.#mode === "all"
        ? await this.#connection.call<OutboxEvent>("OutboxParked", ...this.#after, this.#limit)
        : await this.#connection.call<OutboxEvent>("OutboxFreed", this.#limit);
    if (rows.length === 0) {
      const wasAll = this.#mode === "all";
      this.#held.clear();
      this.#mode = wasAll ? "freed" : "rest";
      if (wasAll) return await this.next();
    }
    return rows;
  }

  /** Call it when Kafka has what was ready. */
  async settle(rows: readonly OutboxEvent[], { ready, failed }: SortedEvents): Promise<void> {
    const sent = ready.map(({ row: { id, place } }) => [id, place]);
    const changed = failed.filter(({ row, error }) => row.error !== error);
    if (sent.length + changed.length > 0) {
      const told = changed.map(({ row: { id, place }, error }) => ({ id, place, error }));
      await this.#connection.transaction((tx) => tx.call("OutboxRetried", sent, told));
    }
    if (this.#mode !== "all") return;
    for (const { row } of failed) this.#held.add(orderOf(row));
    const last = rows.at(-1);
    if (last !== undefined) this.#after = [last.id, last.place];
  }
}
