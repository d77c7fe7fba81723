import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Lab } from "./support/lab.ts";

const MINUTE = 60_000;
let lab: Lab;

beforeEach(() => {
  lab = new Lab();
});

afterEach(() => lab.close());

const noStream = (call: { path: string }) => (call.path === "/api/events" ? { status: 503 } : undefined);

describe("while the stream is up", () => {
  test("an hour of five windows that come and go asks for the balance never, and for one stream", async () => {
    const windows = await lab.windows(3);
    for (let minute = 0; minute < 60; minute += 1) {
      await lab.advanceLive(MINUTE);
      const window = windows[minute % 3];
      await window?.show(false);
      await window?.show(true);
    }
    const late = lab.window().open();
    await lab.advance(2_000);
    expect(late.spendable).toBe(100);
    expect(lab.server.count("/api/credits")).toBe(0);
    expect(lab.server.count("/api/membership")).toBe(0);
    expect(lab.server.count("/api/events")).toBe(1);
  });

  test("what other devices do shows in every window, each change told once", async () => {
    const windows = await lab.windows(3);
    lab.server.spend("alice", 10);
    lab.server.spend("alice", 5);
    lab.server.cancelMembership("alice");
    await lab.advance(0);
    for (const window of windows) {
      expect(window.snapshot).toMatchObject({ spendable: 85, membership: { cancelAtPeriodEnd: true } });
      expect(window.changes.map((change) => change.amount)).toEqual([-10, -5]);
    }
  });

  test("a change that comes by a window's own stream and from another window is told once", async () => {
    const windows = await lab.windows(2, { locks: false });
    lab.server.spend("alice", 10);
    await lab.advance(0);
    expect(windows.map((window) => window.changes.length)).toEqual([1, 1]);
  });

  test("a heartbeat is news, in every window", async () => {
    const windows = await lab.windows(2);
    await lab.advanceLive(10 * MINUTE);
    for (const window of windows) {
      expect(lab.clock.now() - (window.snapshot.newsAt ?? 0)).toBeLessThanOrEqual(20_000);
      expect(window.snapshot.live).toBe("live");
    }
  });
});

describe("the stream", () => {
  test("goes on in another window when its holder closes", async () => {
    const [holder, next] = await lab.windows(2);
    holder?.close();
    await lab.advance(1_000);
    expect(lab.server.openStreams).toBe(1);
    lab.server.spend("alice", 10);
    await lab.advance(0);
    expect(next?.spendable).toBe(90);
  });

  test("is taken from a frozen holder by a window that is seen", async () => {
    const [holder, seen, hidden] = await lab.windows(3);
    await hidden?.show(false);
    holder?.freeze(true);
    await lab.advanceLive(2 * MINUTE);
    expect(lab.server.count("/api/events")).toBe(2);
    lab.server.spend("alice", 10);
    await lab.advance(0);
    expect([seen?.spendable, hidden?.spendable]).toEqual([90, 90]);
    holder?.freeze(false);
    await holder?.show(true);
    await lab.advance(2_000);
    expect(holder?.spendable).toBe(90);
    expect(lab.server.openStreams).toBe(1);
  });

  test("comes again after the network was away, with what was missed, and is not asked for in a storm", async () => {
    const [window] = await lab.windows(1);
    lab.server.down = true;
    lab.server.cutStreams();
    await lab.advance(5 * MINUTE);
    expect(window?.snapshot).toMatchObject({ spendable: 100, status: "ready", live: "retrying" });
    expect(window?.snapshot.error?.code).toBe("network_failed");
    lab.server.spend("alice", 10);
    lab.server.down = false;
    await lab.advance(40_000);
    expect(window?.snapshot).toMatchObject({ spendable: 90, live: "live", error: null });
  });

  test("is opened at once when the browser says that the network is back", async () => {
    const [window] = await lab.windows(1);
    lab.server.down = true;
    lab.server.cutStreams();
    await lab.advance(5 * MINUTE);
    lab.server.down = false;
    window?.fire("online");
    await lab.advance(0);
    expect(window?.snapshot.live).toBe("live");
  });

  test("that is silent for 45 s is dead", async () => {
    await lab.windows(1);
    await lab.advance(62_000);
    expect(lab.server.count("/api/events")).toBe(2);
    expect(lab.server.openStreams).toBe(1);
  });

  test("that is refused for good is not asked for again and again", async () => {
    lab.server.refuse = (call) =>
      call.path === "/api/events" ? { status: 403, body: { code: "role_required" } } : undefined;
    const [window] = await lab.windows(1);
    await lab.advance(4 * MINUTE);
    expect(lab.server.count("/api/events")).toBeLessThanOrEqual(2);
    expect(window?.spendable).toBe(100);
  });

  test("ends with the window's last listener, and begins with a new one", async () => {
    const window = lab.window();
    const stop = window.store.subscribe(() => {});
    await lab.advance(1_000);
    stop();
    const again = window.store.subscribe(() => {});
    await lab.advance(1_000);
    expect(lab.server.count("/api/events")).toBe(1);
    again();
    await lab.advance(1_000);
    expect(lab.server.openStreams).toBe(0);
  });

  test("rests while the page is in the back-forward cache", async () => {
    const [window] = await lab.windows(1);
    window?.fire("pagehide");
    await lab.advance(100);
    expect(lab.server.openStreams).toBe(0);
    window?.fire("pageshow");
    await lab.advance(1_000);
    expect(lab.server.openStreams).toBe(1);
  });
});

describe("the stream of a page that comes back at once", () => {
  test("is begun anew when it falls silent, like any other", async () => {
    const [window] = await lab.windows(1);
    window?.fire("pagehide");
    window?.fire("pageshow");
    await lab.advance(1_000);
    expect([lab.server.count("/api/events"), lab.server.openStreams]).toEqual([2, 1]);
    await lab.advance(62_000);
    expect([lab.server.count("/api/events"), lab.server.openStreams]).toEqual([3, 1]);
  });
});

describe("without the stream", () => {
  beforeEach(() => {
    lab.server.refuse = noStream;
  });

  test("three windows that open together ask once", async () => {
    const windows = await lab.windows(3);
    // The first one's answer takes a second: the others wait for it.
    const release = lab.server.hold();
    await lab.advance(2_500);
    release();
    await lab.advance(7_000);
    expect(windows.map((window) => window.spendable)).toEqual([100, 100, 100]);
    expect(lab.server.count("/api/credits")).toBe(1);
  });

  test("a window that opens within five minutes asks nothing; one that stays asks every five", async () => {
    await lab.windows(1);
    await lab.advance(4 * MINUTE);
    const late = lab.window().open();
    expect(late.spendable).toBe(100);
    await lab.advance(50_000);
    expect(lab.server.count("/api/credits")).toBe(1);
    await lab.advance(11 * MINUTE);
    expect(lab.server.count("/api/credits")).toBe(4);
  });

  test("a window that becomes visible asks when its data is older than two minutes, not before", async () => {
    const [window] = await lab.windows(1);
    await lab.advance(5_000);
    await window?.show(false);
    await lab.advance(100_000);
    await window?.show(true);
    expect(lab.server.count("/api/credits")).toBe(1);
    await window?.show(false);
    await lab.advance(30_000);
    await window?.show(true);
    expect(lab.server.count("/api/credits")).toBe(2);
  });

  test("concurrent refreshes are one request", async () => {
    const [window] = await lab.windows(1);
    await lab.advance(5_000);
    const before = lab.server.count("/api/credits");
    await Promise.all([1, 2, 3].map(() => window?.store.refresh({ force: true })));
    expect(lab.server.count("/api/credits")).toBe(before + 1);
    await window?.store.refresh();
    expect(lab.server.count("/api/credits")).toBe(before + 1);
  });

  test("what failed is tried again, and the error says why until it works", async () => {
    lab.server.refuse = () => ({ status: 503, body: { code: "overloaded", action: "wait" } });
    const [window] = await lab.windows(1);
    await lab.advance(5_000);
    expect(window?.snapshot).toMatchObject({ status: "failed", spendable: null });
    expect(window?.snapshot.error).toMatchObject({ code: "overloaded", status: 503, action: "wait" });
    lab.server.refuse = noStream;
    await lab.advance(20_000);
    expect(window?.snapshot).toMatchObject({ status: "ready", spendable: 100 });
  });
});

describe("the cache", () => {
  test("shows a balance at once for five minutes, then no more", async () => {
    const [first] = await lab.windows(1);
    first?.close();
    await lab.advance(4 * MINUTE);
    expect(lab.window().snapshot).toMatchObject({ status: "ready", spendable: 100 });
    await lab.advance(2 * MINUTE);
    expect(lab.window().snapshot).toMatchObject({ status: "loading", spendable: null });
  });

  test("is each user's own, and another schema's is left alone and not read", async () => {
    await lab.windows(1);
    const [key, value] = [...lab.origin.stored].find(([key]) => key.includes("/data/")) ?? ["", ""];
    expect(key).toBe("stipend/default/data/v1/alice");
    lab.origin.stored.delete(key);
    lab.origin.stored.set("stipend/default/data/v9/alice", value);
    expect(lab.window().snapshot.status).toBe("loading");
    lab.origin.stored.set("stipend/default/data/v1/bob", value);
    expect(lab.window({ user: "bob" }).snapshot.status).toBe("loading");
  });

  test.each([
    ["no JSON", "{"],
    ["another shape", '{"userId":"alice","at":1,"credits":{"balance":"much"}}'],
    ["nothing", "null"],
  ])("with %s in it is as if it were empty", async (_, broken) => {
    lab.origin.stored.set("stipend/default/data/v1/alice", broken);
    const window = lab.window();
    expect(window.snapshot).toMatchObject({ status: "loading", credits: null });
    window.open();
    await lab.advance(100);
    expect(window.spendable).toBe(100);
  });

  test("of a clock that was set back is not trusted", async () => {
    const [first] = await lab.windows(1);
    first?.close();
    lab.clock.setWall(-3_600_000);
    expect(lab.window().snapshot.status).toBe("loading");
  });
});

describe("a clock that is set", () => {
  test("back by an hour does not make old data young", async () => {
    lab.server.refuse = noStream;
    const [window] = await lab.windows(1);
    await lab.advance(5_000);
    lab.clock.setWall(-3_600_000);
    await window?.show(false);
    await lab.advance(3 * MINUTE);
    await window?.show(true);
    expect(lab.server.count("/api/credits")).toBe(2);
  });

  test("forward, as after a sleep in which the other clock stood still, makes data old once", async () => {
    lab.server.refuse = noStream;
    const [window] = await lab.windows(1);
    await lab.advance(5_000);
    lab.clock.setWall(3_600_000);
    await window?.show(true);
    await window?.show(true);
    await lab.advance(MINUTE);
    expect(lab.server.count("/api/credits")).toBe(2);
  });

  test("changes nothing while the stream is up", async () => {
    const windows = await lab.windows(2);
    lab.clock.setWall(-86_400_000);
    lab.server.heartbeat();
    await lab.advanceLive(MINUTE);
    await windows[0]?.store.consume({ amount: 1, reason: "x" });
    await lab.advance(0);
    expect(windows.map((window) => window.spendable)).toEqual([99, 99]);
    expect(lab.server.count("/api/credits")).toBe(0);
  });
});
