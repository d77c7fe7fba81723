import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Lab, type TestWindow } from "./support/lab.ts";
import { type Surroundings, TestOrigin } from "./support/origin.ts";

let lab: Lab;

beforeEach(() => {
  lab = new Lab();
});

afterEach(() => lab.close());

const SURROUNDINGS: readonly (readonly [string, Surroundings])[] = [
  ["all there", {}],
  ["no BroadcastChannel", { channel: false }],
  ["no localStorage", { storage: "missing" }],
  ["localStorage that throws", { storage: "throws" }],
  ["a full quota", { storage: "full" }],
  ["no Web Locks", { locks: false }],
  ["nothing at all", { channel: false, storage: "missing", locks: false }],
  ["no BroadcastChannel and a full quota", { channel: false, storage: "full" }],
];

describe.each(SURROUNDINGS)("with %s", (name, surroundings) => {
  test("a spend in one window shows in all, at once where windows can tell each other", async () => {
    const windows = await lab.windows(3, surroundings);
    expect(windows.map((window) => window.spendable)).toEqual([100, 100, 100]);
    await windows[0]?.store.consume({ amount: 30, reason: "a picture" });
    await lab.advance(0);
    expect(windows.map((window) => window.spendable)).toEqual([70, 70, 70]);
    expect(windows.every((window) => window.snapshot.status === "ready")).toBe(true);
  });

  test("one stream for all, where there are a channel and locks", async () => {
    await lab.windows(3, surroundings);
    const shares = surroundings.channel !== false && surroundings.locks !== false;
    expect(lab.server.openStreams).toBe(shares ? 1 : 3);
    await lab.advanceLive(600_000);
    expect(lab.server.count("/api/credits")).toBe(0);
    expect(lab.server.openStreams).toBe(shares ? 1 : 3);
  });

  test("a sign-out reaches every window that can be told, and leaves nothing stored", async () => {
    const [first, ...others] = await lab.windows(3, surroundings);
    first?.store.signOut();
    await lab.advance(0);
    const reached = name === "nothing at all" || name === "no BroadcastChannel and a full quota" ? [] : others;
    for (const other of reached) {
      expect(other.snapshot).toMatchObject({ status: "signed_out", userId: null, credits: null, membership: null });
      expect(other.ends).toEqual([{ reason: "signed_out", userId: "alice", nextUserId: null }]);
    }
    expect([...lab.origin.stored.values()].join()).not.toMatch(/alice|100/);
    expect(lab.server.openStreams).toBe(others.length - reached.length);
  });
});

describe("the session", () => {
  test("a change of user ends the other windows' session, and nobody sees the other's data", async () => {
    const [first, second] = await lab.windows(2);
    second?.store.signIn(second.sessionOf("bob"));
    await lab.advance(100);
    expect(first?.snapshot).toMatchObject({ status: "signed_out", credits: null, userId: null });
    expect(first?.ends).toEqual([{ reason: "user_changed", userId: "alice", nextUserId: "bob" }]);
    expect(second?.snapshot).toMatchObject({ userId: "bob", spendable: 7, status: "ready" });
    expect([...lab.origin.stored].join()).not.toContain("alice");
    first?.store.signIn(first.sessionOf("bob"));
    await lab.advance(100);
    expect([first?.spendable, second?.spendable]).toEqual([7, 7]);
    expect(second?.ends).toEqual([]);
    expect(lab.server.openStreams).toBe(1);
  });

  test("somebody else who signs in in a new window ends it, without storage too", async () => {
    const [window] = await lab.windows(1, { storage: "missing" });
    lab.window({ user: "bob", storage: "missing" }).open();
    await lab.advance(0);
    expect(window?.ends).toEqual([{ reason: "user_changed", userId: "alice", nextUserId: "bob" }]);
  });

  test("the only window leaves nothing of the user when it signs out, or in as somebody else", async () => {
    const [window] = await lab.windows(1);
    window?.store.signIn(window.sessionOf("bob"));
    await lab.advance(100);
    expect([...lab.origin.stored].join()).not.toContain("alice");
    window?.store.signOut();
    expect([...lab.origin.stored].join()).not.toMatch(/alice|bob/);
  });

  test("an answer that comes after the sign-out changes nothing", async () => {
    const [window] = await lab.windows(1);
    const release = lab.server.hold();
    const spend = window?.store.consume({ amount: 5, reason: "late" });
    const asked = window?.store.refresh({ force: true });
    window?.store.signOut();
    window?.store.signIn(window.sessionOf("bob"));
    release();
    await expect(spend).rejects.toMatchObject({ code: "signed_out" });
    await expect(asked).rejects.toMatchObject({ code: "signed_out" });
    await lab.advance(2_000);
    expect(window?.snapshot).toMatchObject({ userId: "bob", spendable: 7, pending: 0, shortfall: null });
  });

  test("a window that slept through the sign-out ends its session when it wakes, or is used", async () => {
    const [first, asleep, unseen] = await lab.windows(3);
    asleep?.freeze(true);
    unseen?.freeze(true);
    first?.store.signOut();
    await lab.advance(1_000);
    asleep?.freeze(false);
    unseen?.freeze(false);
    expect(asleep?.snapshot.userId).toBe("alice");
    await asleep?.show(true);
    expect(asleep?.snapshot.userId).toBeNull();
    await expect(unseen?.store.consume({ amount: 1, reason: "x" })).rejects.toMatchObject({ code: "signed_out" });
    expect(lab.server.count("/api/credits/consume", "POST")).toBe(0);
  });

  test("a store that nobody listens to signs out everywhere, too", async () => {
    const [listening] = await lab.windows(1);
    const silent = lab.window();
    silent.store.signOut();
    await lab.advance(0);
    expect(listening?.snapshot.userId).toBeNull();
  });

  test("scopes are apart", async () => {
    const [first] = await lab.windows(1);
    const other = lab.window({ user: "bob", store: { scope: "admin" } });
    other.close();
    expect(first?.snapshot.userId).toBe("alice");
  });

  test("no token is ever stored, sent to a window or put into a URL", async () => {
    const heard: unknown[] = [];
    lab.origin.channel("stipend/default", (data) => heard.push(data));
    const [first, second] = await lab.windows(2);
    await first?.store.consume({ amount: 1, reason: "x" });
    await second?.store.refresh({ force: true });
    await lab.advanceLive(60_000);
    expect(heard.length).toBeGreaterThan(3);
    expect(JSON.stringify(heard)).not.toContain("secret");
    expect([...lab.origin.stored].join()).not.toContain("secret");
    expect(lab.server.calls.map((call) => call.path).join()).not.toContain("secret");
  });
});

describe("a window that lags behind", () => {
  /** What such a window says: the account as it was before the last spend. */
  async function laggard() {
    const [window] = await lab.windows(1);
    const { credits, membership } = window?.snapshot ?? {};
    await window?.store.consume({ amount: 10, reason: "x" });
    await lab.advance(0);
    const old = { stipend: 1, scope: "default", type: "state", userId: "alice", credits, membership };
    const channel = lab.origin.channel("stipend/default", () => {});
    return { window, old, say: (message: object) => channel.postMessage(message) };
  }

  test("takes nothing back, and does not make what is known look newer", async () => {
    const { window, old, say } = await laggard();
    await lab.advance(30_000);
    const { newsAt } = window?.snapshot ?? {};
    say({ ...old, at: lab.clock.now() });
    await lab.advance(0);
    expect(window?.snapshot).toMatchObject({ spendable: 90, newsAt });
  });

  test("ends no guess about a spend that is under way", async () => {
    const { window, old, say } = await laggard();
    const release = lab.server.hold();
    const spend = window?.store.consume({ amount: 10, reason: "x" });
    const change = { ...window?.changes[0], id: "earlier" };
    say({ ...old, at: 0, change: { change, credits: old.credits } });
    await lab.advance(1);
    lab.server.heartbeat();
    await lab.advance(0);
    expect(window?.spendable).toBe(80);
    release();
    await spend;
  });
});

describe("frames and openers of another origin", () => {
  const FRAME = new TestOrigin("https://frame.example");
  const STRANGER = new TestOrigin("https://stranger.example");

  function pair(allowed: readonly string[], user = "alice", origin = FRAME): [TestWindow, TestWindow] {
    const parent = lab.window({ store: sessionless(allowed) });
    parent.store.signIn(parent.sessionOf("alice"));
    const frame = lab.window({ user, origin, parent, store: sessionless([lab.origin.name]) });
    frame.store.signIn(frame.sessionOf(user));
    return [parent, frame];
  }

  /** The lab's own session option would win; environments are the lab's. */
  function sessionless(allowedOrigins: readonly string[]) {
    return { allowedOrigins };
  }

  test("a spend in the frame shows in the embedder and in its other windows, and back", async () => {
    const [parent, frame] = pair([FRAME.name]);
    const sibling = lab.window();
    for (const window of [parent, frame, sibling]) window.open();
    await lab.advance(2_000);
    lab.server.cutStreams();
    lab.server.refuse = (call) => (call.path === "/api/events" ? { status: 503 } : undefined);
    await frame.store.consume({ amount: 10, reason: "in the frame" });
    await lab.advance(0);
    expect([parent, frame, sibling].map((window) => window.spendable)).toEqual([90, 90, 90]);
    await sibling.store.consume({ amount: 5, reason: "beside it" });
    await lab.advance(0);
    expect([parent, frame, sibling].map((window) => window.spendable)).toEqual([85, 85, 85]);
  });

  test("a sign-out goes both ways", async () => {
    for (const signer of [0, 1]) {
      const windows = pair([FRAME.name]);
      for (const window of windows) window.open();
      await lab.advance(2_000);
      windows[signer]?.store.signOut();
      await lab.advance(0);
      expect(windows.map((window) => window.snapshot.userId)).toEqual([null, null]);
    }
  });

  test("a change of user in the embedder ends the frame's session, and the frame is told nothing of the new user", async () => {
    const [parent, frame] = pair([FRAME.name]);
    parent.open();
    frame.open();
    await lab.advance(2_000);
    parent.store.signIn(parent.sessionOf("bob"));
    await lab.advance(2_000);
    expect(frame.snapshot).toMatchObject({ userId: null, credits: null });
    expect(frame.ends).toEqual([{ reason: "user_changed", userId: "alice", nextUserId: "bob" }]);
    const received = frame.received;
    await parent.store.consume({ amount: 1, reason: "private" });
    await lab.advance(0);
    expect(frame.received).toBe(received);
  });

  test("an origin that is not allowed is told nothing, and can do nothing", async () => {
    const [parent, stranger] = pair([FRAME.name], "alice", STRANGER);
    parent.open();
    stranger.open();
    await lab.advance(2_000);
    await parent.store.consume({ amount: 10, reason: "private" });
    stranger.store.signOut();
    await lab.advance(0);
    expect(parent.snapshot).toMatchObject({ userId: "alice", spendable: 90 });
    expect(stranger.received).toBe(0);
    expect(parent.received).toBeGreaterThan(0);
  });

  test("a frame with another user has its own session", async () => {
    const [parent, frame] = pair([FRAME.name], "bob");
    parent.open();
    frame.open();
    await lab.advance(2_000);
    frame.store.signOut();
    await parent.store.consume({ amount: 10, reason: "mine" });
    await lab.advance(0);
    expect(parent.snapshot).toMatchObject({ userId: "alice", spendable: 90 });
    expect(frame.snapshot.credits).toBeNull();
  });

  test("messages that are not ours, or not whole, are passed over", async () => {
    const [window] = await lab.windows(1);
    const source = { postMessage: () => {} };
    const credits = { ...window?.snapshot.credits, version: 99, available: 1 };
    const good = { stipend: 1, scope: "default", type: "state", userId: "alice", credits, membership: null, at: 0 };
    for (const data of [null, 7, {}, { ...good, stipend: 2 }, { ...good, scope: "x" }, { ...good, userId: "bob" }]) {
      window?.fire("message", { data, origin: lab.origin.name, source });
    }
    const broken = { ...good, credits: { ...credits, available: "1" } };
    window?.fire("message", { data: broken, origin: lab.origin.name, source });
    window?.fire("message", { data: good, origin: "null", source });
    window?.fire("message", { data: good, origin: "https://stranger.example", source });
    const session = { stipend: 1, scope: "default", type: "session", userId: "bob", was: null };
    window?.fire("message", { data: session, origin: lab.origin.name, source });
    window?.fire("message", { data: { ...session, userId: 7, was: "alice" }, origin: lab.origin.name, source });
    expect(window?.spendable).toBe(100);
    window?.fire("message", { data: good, origin: lab.origin.name, source });
    expect(window?.spendable).toBe(1);
  });
});
