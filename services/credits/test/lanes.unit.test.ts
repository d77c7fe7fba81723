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
  const alarms: { at: number; wake: () => void }[] = [];
  let time = 1_000;
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
    timing: { stopwatch: () => time, after: (ms, wake) => alarms.push({ at: time + ms, wake }) },
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
    /** How long until each alarm that is set. */
    alarms: () => alarms.map(({ at }) => at - time),
    next: async () => {
      await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setImmediate(resolve));
      gates.shift()?.();
    },
    /** The time goes on, and what waited for it happens. */
    pass: (ms: number) => {
      time += ms;
      const due = alarms.filter(({ at }) => at <= time);
      alarms.splice(0, alarms.length, ...alarms.filter(({ at }) => at > time));
      for (const { wake } of due) wake();
    },
    open: () => {
      open = true;
      for (const gate of gates.splice(0)) gate();
    },
  };
}

/** Of accounts that ask for themselves, by the clock of the process. A batch that fails fails as a whole. */
function plainLanes(
  lanes: number,
  run: (accounts: readonly string[]) => Promise<readonly string[]>,
): Lanes<string, string> {
  return new Lanes<string, string>({
    lanes,
    maxBatch: 200,
    maxWaiting: 10,
    accountOf: (account) => account,
    kindOf: () => "consume",
    full: () => new Error("full"),
    isTransient: () => true,
    run,
  });
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
    const { lanes, waits, pass, open } = harness({ poison: 3 });
    const first = lanes.submit(item("a", "hold", 1));
    await new Promise((resolve) => setImmediate(resolve));
    const rest = [2, 3, 4].map((n) => lanes.submit(item("a", "consume", n)));
    const settled = Promise.allSettled([first, ...rest]);
    pass(20);
    open();
    await settled;
    expect(waits).toEqual([{ seconds: 0, kind: "hold" }, ...[2, 3, 4].map(() => ({ seconds: 0.02, kind: "consume" }))]);
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

  /** What is under way or done, by account and place. */
  const begun = (batches: readonly Item[][]) => batches.map((batch) => batch.map((i) => `${i.account}${i.n}`));
  const turn = () => new Promise((resolve) => setImmediate(resolve));

  test("half of the batches begin at once; who comes then waits for one of them, and all who wait go together", async () => {
    const { lanes, batches, next, open } = harness({ lanes: 4 });
    const asked: Promise<number>[] = [];
    for (const account of ["a", "b", "c", "d"]) {
      asked.push(lanes.submit(item(account, "consume", 1)));
      await turn();
    }
    expect(begun(batches)).toEqual([["a1"], ["b1"]]);
    await next();
    await asked[0];
    expect(begun(batches)).toEqual([["a1"], ["b1"], ["c1", "d1"]]);
    open();
    await Promise.all(asked);
    expect(batches).toHaveLength(3);
  });

  test("who has waited for 25 ms begins one more, up to the number of lanes: a batch that hangs holds up no strangers", async () => {
    const { lanes, batches, alarms, pass, open } = harness({ lanes: 3 });
    const asked: Promise<number>[] = [];
    const ask = async (account: string) => {
      asked.push(lanes.submit(item(account, "consume", 1)));
      await turn();
    };
    await ask("a");
    await ask("b");
    await ask("c");
    pass(10);
    await ask("d");
    expect(alarms()).toEqual([15]);
    pass(14);
    expect(batches).toHaveLength(2);
    pass(1);
    expect(begun(batches)).toEqual([["a1"], ["b1"], ["c1", "d1"]]);
    await ask("e");
    pass(1_000);
    await ask("f");
    expect(batches).toHaveLength(3);
    expect(alarms()).toEqual([]);
    open();
    expect(await Promise.all(asked)).toEqual([1, 1, 1, 1, 1, 1]);
    expect(begun(batches).at(-1)).toEqual(["e1", "f1"]);
  });

  test("the clock goes on for the next who waits", async () => {
    const { lanes, batches, pass, open } = harness({ lanes: 4 });
    const asked = [lanes.submit(item("a", "consume", 1))];
    for (const account of ["b", "c", "d"]) {
      await turn();
      asked.push(lanes.submit(item(account, "consume", 1)));
      if (account === "c") {
        await turn();
        pass(25);
        expect(begun(batches)).toEqual([["a1"], ["b1"], ["c1"]]);
      }
    }
    await turn();
    pass(24);
    expect(batches).toHaveLength(3);
    pass(1);
    expect(begun(batches).at(-1)).toEqual(["d1"]);
    open();
    await Promise.all(asked);
  });

  test("an account that is under way waits for itself, however many lanes are free, and keeps nobody else", async () => {
    const { lanes, batches, pass, next, open } = harness({ lanes: 4 });
    const asked = [lanes.submit(item("a", "consume", 1))];
    await turn();
    asked.push(lanes.submit(item("a", "consume", 2)), lanes.submit(item("b", "hold", 1)));
    await turn();
    pass(1_000);
    expect(begun(batches)).toEqual([["a1"], ["b1"]]);
    await next();
    await asked[0];
    expect(begun(batches)).toEqual([["a1"], ["b1"], ["a2"]]);
    open();
    expect(await Promise.all(asked)).toEqual([1, 2, 1]);
  });

  test("what is left of an account when its batch is full comes next, in order", async () => {
    const { lanes, batches, open } = harness({ lanes: 4, maxBatch: 2 });
    open();
    const asked = [1, 2, 3, 4, 5].map((n) => lanes.submit(item("a", "consume", n)));
    asked.push(lanes.submit(item("b", "consume", 6)));
    expect(await Promise.all(asked)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(begun(batches)).toEqual([["a1", "a2"], ["b6"], ["a3", "a4"], ["a5"]]);
  });

  test("a full batch leaves the rest of an account for the next", async () => {
    const { lanes, batches, open } = harness({ maxBatch: 2 });
    open();
    await Promise.all([
      lanes.submit(item("a", "consume", 1)),
      ...[2, 3, 4].map((n) => lanes.submit(item("b", "consume", n))),
    ]);
    expect(begun(batches)).toEqual([
      ["a1", "b2"],
      ["b3", "b4"],
    ]);
  });

  test("an account that asks for something else has its turn in the next batch", async () => {
    const { lanes, batches, open } = harness();
    open();
    expect(await Promise.all([lanes.submit(item("a", "consume", 1)), lanes.submit(item("b", "hold", 2))])).toEqual([
      1, 2,
    ]);
    expect(begun(batches)).toEqual([["a1"], ["b2"]]);
  });

  test("by the clock of the process, a batch that hangs holds up a stranger for a while only", async () => {
    let third: () => void = () => undefined;
    const begunThird = new Promise<void>((resolve) => {
      third = resolve;
    });
    const begunOnes: string[] = [];
    const lanes = plainLanes(4, async (accounts) => {
      begunOnes.push(...accounts);
      if (begunOnes.length === 3) third();
      await begunThird;
      return accounts;
    });
    const asked: Promise<string>[] = [];
    for (const account of ["a", "b", "c"]) {
      asked.push(lanes.submit(account));
      await turn();
    }
    expect(await Promise.all(asked)).toEqual(["a", "b", "c"]);
    expect(begunOnes).toEqual(["a", "b", "c"]);
  });

  test("an answer of another length than the batch is nobody's answer", async () => {
    const lanes = plainLanes(1, () => Promise.resolve(["one"]));
    const outcomes = await Promise.allSettled([lanes.submit("a"), lanes.submit("b")]);
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ reason: new Error("a batch was answered with another number of results") });
    }
  });

  test("drain waits for the last of them, and for nothing when nobody waits", async () => {
    const { lanes, next } = harness({ lanes: 4 });
    await lanes.drain();
    const first = lanes.submit(item("a", "consume", 1));
    await turn();
    const second = lanes.submit(item("b", "consume", 2));
    let drained = false;
    const drain = lanes.drain().then(() => {
      drained = true;
    });
    await next();
    await first;
    await turn();
    expect(drained).toBe(false);
    await next();
    await second;
    await drain;
    expect(lanes.waiting).toBe(0);
  });

  test("there is at least one lane", () => {
    expect(() => harness({ lanes: 0 })).toThrow(RangeError);
  });
});
