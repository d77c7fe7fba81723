import fc from "fast-check";
import { expect, test } from "vitest";
import { afterMovement, type Known, meet } from "../src/core/account.ts";
import { readChange, readCredits, readGrants, readMembership, readMovement, readShortfall } from "../src/core/read.ts";
import { EventParser } from "../src/core/sse.ts";
import type { Credits } from "../src/core/types.ts";

function account(version: number, available = 1_000 - version): Credits {
  return { userId: "alice", balance: available, held: 0, available, version, status: "active", allowance: null };
}

test("whatever order states come in, the newest version stands at the end and never goes back", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(30), fc.constantFrom("server" as const, "copy" as const))), (states) => {
      let known: Known | null = null;
      for (const [version, source] of states) {
        const before: number = known?.version ?? -1;
        known = meet<Known>(known, account(version), source);
        expect(known.version).toBe(Math.max(before, version));
      }
    }),
  );
});

test("of the same version the server's word stands, and a copy replaces only what was reckoned", () => {
  const known = meet<Known>(null, account(3, 10), "server");
  expect(meet(known, account(3, 11), "copy")).toBe(known);
  expect(meet(known, account(3, 11), "server").available).toBe(11);
  expect(meet(known, account(3, 10), "server")).toBe(known);
  const movement = {
    transactionId: "9",
    userId: "alice",
    amount: 2,
    balanceBefore: 10,
    balanceAfter: 8,
    heldAfter: 0,
    available: 8,
    version: 4,
    draws: [{ grantId: "1", kind: "allowance", amount: 2 }],
  };
  const reckoned = afterMovement(known, movement);
  expect(reckoned).toMatchObject({ available: 8, version: 4, reckoned: true });
  expect(afterMovement(reckoned, movement)).toBe(reckoned);
  expect(meet(reckoned, account(4, 8), "copy")).toEqual(account(4, 8));
});

test("a stream cut anywhere gives the same events", () => {
  const stream =
    ': hi\r\n\r\nevent: credits\r\ndata: {"a":1}\r\nid: 1-2\r\n\r\nretry: 2\n\ndata:x\ndata: y\n\nevent: none\n\nevent: m\ndata: \u2028event: x\n\n';
  const whole = [
    { event: "credits", data: '{"a":1}' },
    { event: "message", data: "x\ny" },
    { event: "m", data: "\u2028event: x" },
  ];
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: stream.length }), { maxLength: 12 }), (cuts) => {
      const parser = new EventParser();
      const at = [0, ...cuts.sort((a, b) => a - b), stream.length];
      const events = at.flatMap((start, index) => parser.push(stream.slice(start, at[index + 1] ?? stream.length)));
      expect(events).toEqual(whole);
    }),
  );
});

test("a stream without an end of lines is no stream of events", () => {
  const parser = new EventParser();
  expect(() => parser.push("x".repeat(2_000_000))).toThrow(expect.objectContaining({ code: "answer_unreadable" }));
});

test("readers never throw, and take over nothing that does not fit", () => {
  const readers = [readCredits, readMembership, readGrants, readChange, readMovement, readShortfall];
  fc.assert(
    fc.property(fc.anything(), (value) => {
      for (const read of readers) expect(read(value)).toBeUndefined();
    }),
  );
  const good = {
    ...account(1),
    extra: "x",
    allowance: { tier: "pro", monthlyCredits: 5, remaining: 1, nextResetAt: null, extra: 1 },
  };
  expect(readCredits(good)).toEqual({
    ...account(1),
    allowance: { tier: "pro", monthlyCredits: 5, remaining: 1, nextResetAt: null },
  });
  expect(readCredits({ ...good, version: -1 })).toBeUndefined();
  expect(readCredits({ ...good, allowance: {} })).toBeUndefined();
  expect(readCredits({ ...good, balance: 1.5 })).toBeUndefined();
});
