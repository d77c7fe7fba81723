import type { StaffEvent } from "@stipend/client/events";

export type StaffAlert = Extract<StaffEvent, { type: "alert" }>["data"]["alert"];

/**
 * Which alerts are news to this page: what is raised, and what was raised while it was not listening. What stood open when
 * it was opened is no news.
 */
export class Arrivals {
  #known: Set<string> | undefined;

  take(event: StaffEvent): readonly StaffAlert[] {
    if (event.type === "alerts") return this.#meet(event.data.open);
    if (event.type !== "alert" || event.data.change !== "raised") return [];
    this.#known?.add(event.data.alert.id);
    return [event.data.alert];
  }

  #meet(open: readonly StaffAlert[]): readonly StaffAlert[] {
    const known = this.#known;
    this.#known = new Set([...(known ?? []), ...open.map(({ id }) => id)]);
    return known === undefined ? [] : open.filter(({ id }) => !known.has(id));
  }
}
