import type { StaffEvent } from "@stipend/client/events";
import type { QueryClient, QueryKey } from "@tanstack/react-query";

/** Between two rounds of asking: a flood of events costs a few requests a second. */
const SETTLE_MS = 400;

const ALERTS = "/api/admin/alerts";
const APPROVALS = "/api/admin/approvals";
/** First words of actions, and which lists they change. Everything else changes none that a console keeps open. */
const BY_ACTION: ReadonlyMap<string | undefined, readonly string[]> = new Map([
  ["alert", [ALERTS, "overview"]],
  ["approval", [APPROVALS, "approvals-pending"]],
]);

/** Asks anew for what an event has changed: at once, and then at most every 400 ms. */
export class Refresher {
  readonly #queries: Pick<QueryClient, "invalidateQueries">;
  readonly #waiting = new Set<string>();
  #settling: ReturnType<typeof setTimeout> | undefined;

  constructor(queries: Pick<QueryClient, "invalidateQueries">) {
    this.#queries = queries;
  }

  take(event: StaffEvent): void {
    for (const key of keysOf(event)) this.#waiting.add(key);
    if (this.#settling === undefined) this.#ask();
  }

  stop(): void {
    clearTimeout(this.#settling);
    this.#waiting.clear();
  }

  #ask(): void {
    this.#settling = undefined;
    if (this.#waiting.size === 0) return;
    for (const key of this.#waiting) void this.#queries.invalidateQueries({ queryKey: [key] satisfies QueryKey });
    this.#waiting.clear();
    this.#settling = setTimeout(() => this.#ask(), SETTLE_MS);
  }
}

function keysOf(event: StaffEvent): readonly string[] {
  switch (event.type) {
    // The stream has begun: whatever happened before it may be new.
    case "alerts":
      return [ALERTS, APPROVALS, "overview", "approvals-pending"];
    case "alert":
      return [ALERTS, "overview"];
    case "activity":
      return event.data.actions.flatMap((action) => BY_ACTION.get(action.split(".")[0]) ?? []);
  }
}
