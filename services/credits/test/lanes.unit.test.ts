import { describe, expect, test } from "vitest";
import { Lanes } from "../src/store/lanes.ts";

interface Item {
  readonly account: string;
  readonly kind: string;
  readonly n: number;
}

const item = (account: string, kind: string, n: number): Item => ({ account, kind, n });

/** A ledger that answers when told to. */
function harness(
  over: Partial<{ lanes: number; maxBatch: number; maxWaiting: number; poison: number; transient: boolean }> = {},
) {
  const batches: Item[][] = [];
  const gates: (() => void)[] = [];
  const waits: { seconds: number; kind: string }[] = [];
  let open = false;
  const lanes = new Lanes<Item, number>({
    lanes: over.lanes ?? 1,
    maxBatch: over.maxBatch ?? 200,
    maxWaiting: over.maxWaiting ?? 10_000,
    accountOf: (i) => i.account,
    kindOf: (i) => i.kind,
    full: () => new Error("full"),
    onWaited: (seconds, kind) => waits.push({ seconds, kind }),
    isTransient: () => over.transient ?? false,
    run: async (items) => {
      batches.push([...items]);
      if (!open) await new Promise<void>((resolve) => gates.push(resolve));
      if (items.some((i) => i.n === over.poison)) throw new Error("poison");
      return items.map((i) => i.n);
    },
  });
  return {
    lanes,
    batches,
    waits,
    next: async () => {
      await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setImmediate(resolve));
      gates.shift()?.();
    },
    open: () => {
      open = true;
      for (const gate of gates.splice(0)) gate();
    },
  };
}

describe("lanes", () => {
  test("a lone item runs at once, those that come meanwhile run together afterwards", async () => {
    const { lanes, batches, next, open } = harness();
    const first = lanes.submit(item("a", "consume", 1));
    await new Promise((resolve) => setImmediate(resolve));
    const rest = [2, 3, 4].map((n) => lanes.submit(item("a", "consume", n)));
    await next();
    expect(await first).toBe(1);
    open();
    expect(await Promise.all(rest)).toEqual([2, 3, 4]);
    expect(batches.map((batch) => batch.length)).toEqual([1, 3]);
  });

  test("each item's wait is told once, when its transaction begins; halving a batch tells none again", async () => {
    const { lanes, waits, open } = harness({ poison: 3 });
    const first = lanes.submit(item("a", "hold", 1));
    await new Promise((resolve) => setImmediate(resolve));
    const rest = [2, 3, 4].map((n) => lanes.submit(item("a", "consume", n)));
    const settled = Promise.allSettled([first, ...rest]);
    const began = performance.now();
    expect(waits.map(({ kind }) => kind)).toEqual(["hold"]);
    // The lane is busy until then.
    while (performance.now() - began < 20) await new Promise((resolve) => setImmediate(resolve));
    open();
    await settled;
    expect(waits.map(({ kind }) => kind)).toEqual(["hold", "consume", "consume", "consume"]);
    for (const { seconds, kind } of waits) {
      if (kind === "consume") expect(seconds).toBeGreaterThan(0.019);
      else expect(seconds).toBeLessThan(0.019);
    }
  });

  test("a batch never exceeds its bound", async () => {
    const { lanes, batches, open } = harness({ maxBatch: 10 });
    open();
    await Promise.all(Array.from({ length: 35 }, (_, n) => lanes.submit(item(`u${n}`, "consume", n))));
    expect(batches.map((batch) => batch.length)).toEqual([10, 10, 10, 5]);
  });

  test("kinds never mix, and an account's operations keep their order", async () => {
    const { lanes, batches, open } = harness();
    open();
    await Promise.all([
      lanes.submit(item("a", "consume", 1)),
      lanes.submit(item("a", "hold", 2)),
      lanes.submit(item("a", "consume", 3)),
      lanes.submit(item("b", "consume", 4)),
      lanes.submit(item("b", "hold", 5)),
    ]);
    expect(batches.map((batch) => batch.map((i) => i.n))).toEqual([[1, 4], [2, 5], [3]]);
  });

  test("one poison item fails alone, whatever its place", async () => {
    for (const poison of [0, 7, 12, 24]) {
      const { lanes, open } = harness({ poison });
      open();
      const outcomes = await Promise.allSettled(
        Array.from({ length: 25 }, (_, n) => lanes.submit(item(`u${n % 5}`, "consume", n))),
      );
      expect(outcomes.flatMap((outcome, n) => (outcome.status === "rejected" ? [n] : []))).toEqual([poison]);
    }
  });

  test("when the database is away nobody is tried again one by one", async () => {
    const { lanes, batches, open } = harness({ poison: 3, transient: true });
    open();
    const outcomes = await Promise.allSettled([1, 2, 3, 4].map((n) => lanes.submit(item("a", "consume", n))));
    expect(outcomes.every((outcome) => outcome.status === "rejected")).toBe(true);
    expect(batches).toHaveLength(1);
  });

  test("beyond the bound it refuses at once, and takes more when some are answered", async () => {
    const { lanes, next, open } = harness({ maxWaiting: 2 });
    const first = lanes.submit(item("a", "consume", 1));
    const second = lanes.submit(item("a", "consume", 2));
    await expect(lanes.submit(item("a", "consume", 3))).rejects.toThrow("full");
    await next();
    await Promise.all([first, second]);
    open();
    expect(await lanes.submit(item("a", "consume", 4))).toBe(4);
    expect(lanes.waiting).toBe(0);
  });

  test("drain waits for everything submitted", async () => {
    const { lanes, next } = harness();
    let answered = false;
    void lanes.submit(item("a", "consume", 1)).then(() => {
      answered = true;
    });
    const drained = lanes.drain();
    await next();
    await drained;
    expect(answered).toBe(true);
  });
});
