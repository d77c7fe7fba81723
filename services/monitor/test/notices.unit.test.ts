import { describe, expect, it } from "vitest";
import { type AlertChange, endOfQuiet, pauseAfter, planDeliveries } from "../src/domain/notices.ts";
import { readNotifications } from "../src/settings/notifications.ts";
import { type NoticeSender, type NoticeStore, routeNotices, SendFailed, sendNotices } from "../src/usecases/notices.ts";
import { minutes, T0 } from "./builders.ts";

const change: AlertChange = {
  id: 7,
  alertId: "a1",
  kind: "raised",
  severity: "warning",
  family: "transactions",
  at: T0,
  alert: {},
};
const secrets = { STIPEND_NOTIFY_A: "https://chat.example.org/x", STIPEND_NOTIFY_S: `whsec_${"A".repeat(44)}` };

describe("quiet hours", () => {
  const hours = (from: number, to: number, timeZone = "UTC") => ({
    fromMinute: from * 60,
    toMinute: to * 60,
    timeZone,
    except: "critical" as const,
  });
  it.each([
    ["over midnight, in the evening", hours(22, 7), "2026-01-31T23:10:20Z", "2026-02-01T07:00:00.000Z"],
    ["over midnight, in the morning", hours(22, 7), "2026-01-31T06:59:59Z", "2026-01-31T07:00:00.000Z"],
    ["they are over", hours(22, 7), "2026-01-31T07:00:00Z", null],
    ["within a day", hours(12, 13), "2026-01-31T12:00:00Z", "2026-01-31T13:00:00.000Z"],
    ["by the clock of the channel", hours(22, 7, "Asia/Shanghai"), "2026-01-31T15:00:00Z", "2026-01-31T23:00:00.000Z"],
  ])("%s", (_name, quiet, now, expected) => {
    expect(endOfQuiet(quiet, new Date(now))?.toISOString() ?? null).toBe(expected);
  });
});

describe("who is told", () => {
  const plan = (given: Record<string, unknown>) => readNotifications(given, secrets, "UTC").settings;
  const slack = { kind: "slack", urlFrom: "STIPEND_NOTIFY_A" };

  it("a channel that several routes name once, as soon as one of them says", () => {
    const settings = plan({
      channels: { a: slack, b: slack },
      routes: [
        { channels: ["a", "b"], digestMinutes: 60 },
        { channels: ["a"], families: ["transactions"] },
        { channels: ["b"], minSeverity: "critical" },
        { channels: ["b"], changes: ["recovered"] },
      ],
    });
    expect(planDeliveries(change, settings, minutes(5))).toEqual([
      { changeId: 7, channel: "a", dedupeKey: "change:7", dueAt: minutes(5) },
      {
        changeId: 7,
        channel: "b",
        dedupeKey: `digest:${minutes(60).toISOString()}`,
        dueAt: new Date(minutes(60).getTime() + 10_000),
      },
    ]);
  });

  it("nobody where no route fits", () => {
    const settings = plan({ channels: { a: slack }, routes: [{ channels: ["a"] }] });
    expect(planDeliveries({ ...change, severity: "info" }, settings, T0)).toEqual([]);
  });

  it("again later and later, at most an hour", () => {
    expect([1, 2, 3, 30].map(pauseAfter)).toEqual([15_000, 30_000, 60_000, 3_600_000]);
  });
});

describe("the section notifications", () => {
  it("names every mistake by its path", () => {
    const { mistakes } = readNotifications(
      {
        channels: {
          a: { kind: "slack", urlFrom: "STIPEND_NOTIFY_NONE" },
          b: { kind: "webhook", urlFrom: "STIPEND_NOTIFY_A", secretFrom: "STIPEND_NOTIFY_A" },
          c: { kind: "email", urlFrom: "STIPEND_NOTIFY_A", from: "me@example.org", to: ["you@example.org"] },
          d: { kind: "slack", urlFrom: "STIPEND_NOTIFY_A", quiet: { from: "07:00", to: "07:00" } },
        },
        routes: [{ channels: ["nobody"] }],
      },
      secrets,
      "UTC",
    );
    expect(mistakes.map((mistake) => mistake.split(" ")[0])).toEqual([
      "notifications.channels.a.urlFrom:",
      "notifications.channels.b.secretFrom:",
      "notifications.channels.c.urlFrom:",
      "notifications.channels.d.quiet",
      "notifications.routes.0.channels",
    ]);
    // Never a secret or an address of one.
    expect(mistakes.join()).not.toContain("chat.example.org");
    expect(readNotifications({ channels: { a: { kind: "pigeon" } } }, secrets, "UTC").mistakes).toHaveLength(1);
  });
});

describe("what is told of notices", () => {
  const none = { routes: [], quiet: new Map() };
  const stub = (over: Partial<NoticeStore>) => over as NoticeStore;

  it("each change once, also when its transaction is run again and nobody wants to know", async () => {
    const told: unknown[] = [];
    const store = stub({
      route: async (_limit, decide) => {
        for (let run = 0; run < 2; run += 1) for (const id of [7, 8]) decide({ ...change, id });
        return 2;
      },
    });
    await routeNotices(store, none, T0, (changes) => told.push(...changes.map(({ id }) => id)));
    expect(told).toEqual([7, 8]);
  });

  it("nothing of changes whose decision was not committed", async () => {
    const told: unknown[] = [];
    const store = stub({
      route: (_limit, decide) => {
        decide(change);
        return Promise.reject(new Error("away"));
      },
    });
    await expect(routeNotices(store, none, T0, (changes) => told.push(changes))).rejects.toThrow("away");
    expect(told).toEqual([]);
  });

  it("how each attempt ended", async () => {
    const delivery = { deliveryId: "d", isDigest: false, changes: [change] };
    const store = stub({
      claim: () =>
        Promise.resolve([
          { ...delivery, channel: "well", attempt: 1 },
          { ...delivery, channel: "away", attempt: 1 },
          { ...delivery, channel: "gone", attempt: 1 },
        ]),
      finish: () => Promise.resolve(),
    });
    const sender: NoticeSender = {
      knows: () => true,
      send: ({ channel }) =>
        channel === "well"
          ? Promise.resolve()
          : Promise.reject(new SendFailed(channel, { permanent: channel === "gone" })),
    };
    const told: string[] = [];
    await sendNotices(
      store,
      sender,
      () => T0,
      (channel, status) => told.push(`${channel} ${status}`),
    );
    expect(told.sort()).toEqual(["away waiting", "gone failed", "well sent"]);
  });
});
