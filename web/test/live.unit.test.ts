import type { StaffEvent } from "@stipend/client/events";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Arrivals, type StaffAlert } from "../src/admin/live/arrivals.ts";
import { Refresher } from "../src/admin/live/refresher.ts";

const alert = (id: string): StaffAlert => ({
  id,
  rule: "large_change",
  family: "transactions",
  severity: "critical",
  status: "open",
  firstSeenAt: "2026-01-01T00:00:00.000Z",
  lastSeenAt: "2026-01-01T00:00:00.000Z",
  count: 1,
});
const state = (...ids: string[]): StaffEvent => ({ type: "alerts", data: { open: ids.map(alert), more: false } });
const change = (what: "raised" | "recovered", id: string): StaffEvent => ({
  type: "alert",
  data: { change: what, alert: alert(id) },
});
const did = (...actions: string[]): StaffEvent => ({ type: "activity", data: { actions } });

describe("alerts that arrive", () => {
  const told = (events: readonly StaffEvent[]) => {
    const arrivals = new Arrivals();
    return events.map((event) => arrivals.take(event).map(({ id }) => id));
  };

  it("are those that are raised, not those that stood open at first, nor those that are over", () => {
    expect(told([state("a"), change("raised", "b"), change("recovered", "a"), did("alert.resolve")])).toEqual([
      [],
      ["b"],
      [],
      [],
    ]);
  });

  it("are also those that were raised while nobody listened, each once", () => {
    expect(told([state("a"), change("raised", "b"), state("c", "b", "a"), state("c", "b"), state("d")])).toEqual([
      [],
      ["b"],
      ["c"],
      [],
      ["d"],
    ]);
  });

  it("are told again when they are raised again", () => {
    expect(told([state("a"), change("raised", "a")])).toEqual([[], ["a"]]);
  });
});

describe("what is asked for anew", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const listen = () => {
    const asked: string[] = [];
    const refresher = new Refresher({
      invalidateQueries: (filters) => {
        asked.push(String(filters?.queryKey?.[0]));
        return Promise.resolve();
      },
    });
    return { asked, refresher };
  };

  it("is everything when the stream begins, and what an event has changed after that", () => {
    const { asked, refresher } = listen();
    refresher.take(state());
    expect(asked.splice(0).sort()).toEqual([
      "/api/admin/alerts",
      "/api/admin/approvals",
      "approvals-pending",
      "overview",
    ]);
    vi.advanceTimersByTime(1_000);
    refresher.take(did("credits.grant", "approval.propose"));
    expect(asked.splice(0).sort()).toEqual(["/api/admin/approvals", "approvals-pending"]);
    vi.advanceTimersByTime(1_000);
    refresher.take(did("credits.grant", "constructor.x"));
    expect(asked).toEqual([]);
  });

  it("is asked for at once, and in a flood of events a few times a second", () => {
    const { asked, refresher } = listen();
    for (let ms = 0; ms < 2_000; ms += 10) {
      refresher.take(change("raised", `a${ms}`));
      vi.advanceTimersByTime(10);
    }
    const lists = asked.filter((key) => key === "/api/admin/alerts");
    expect(lists.length).toBeGreaterThanOrEqual(5);
    expect(lists.length).toBeLessThanOrEqual(6);
  });

  it("is nothing after the page has gone", () => {
    const { asked, refresher } = listen();
    refresher.take(change("raised", "a"));
    refresher.take(change("raised", "b"));
    refresher.stop();
    asked.length = 0;
    vi.advanceTimersByTime(1_000);
    expect(asked).toEqual([]);
  });
});
