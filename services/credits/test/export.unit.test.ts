import { Writable } from "node:stream";
import { describe, expect, test } from "vitest";
import type { LedgerRow } from "../src/domain/ledger/transactions.ts";
import { writeRows } from "../src/http/export-route.ts";

const row = (n: number): LedgerRow => ({
  id: String(n),
  userId: "u",
  version: n,
  type: "consume",
  amount: -1,
  balanceBefore: n + 1,
  balanceAfter: n,
  heldChange: 0,
  heldAfter: 0,
  statusAfter: "active",
  draws: [],
  reason: "a row of the ledger",
  feature: null,
  metadata: null,
  actor: "u",
  relatedTransactionId: null,
  holdId: null,
  grantId: null,
  grantKind: null,
  operation: "consume",
  requestKey: null,
  periodStart: null,
  traceparent: null,
  createdAt: new Date(0),
});

/** Rows that know how many were pulled and whether the pull was ended. */
function source(count: number) {
  const state = { pulled: 0, closed: false };
  async function* rows() {
    try {
      for (let n = 1; n <= count; n += 1) {
        state.pulled = n;
        yield row(n);
      }
    } finally {
      state.closed = true;
    }
  }
  return { state, rows: rows() };
}

/** A client that takes nothing until it is told to. */
function slowClient() {
  const chunks: string[] = [];
  let release: (() => void) | undefined;
  let open = false;
  const writable = new Writable({
    highWaterMark: 16_384,
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk.toString());
      if (open) done();
      else release = done;
    },
  });
  return {
    writable,
    text: () => chunks.join(""),
    resume() {
      open = true;
      release?.();
    },
  };
}

const settle = async () => {
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

describe("the export", () => {
  test("reads no further than the client takes: a million rows never stand in memory", async () => {
    const { state, rows } = source(1_000_000);
    const client = slowClient();
    const gone = new AbortController();
    const written = writeRows(client.writable, rows, gone.signal);
    await settle();
    const pulled = state.pulled;
    expect(pulled).toBeGreaterThan(0);
    expect(pulled).toBeLessThan(2_000);
    await settle();
    expect(state.pulled).toBe(pulled);
    gone.abort();
    await written;
    expect(state.closed).toBe(true);
    expect(state.pulled).toBeLessThan(pulled + 10);
  });

  test("every row arrives, once the client takes them", async () => {
    const { rows } = source(5_000);
    const client = slowClient();
    const written = writeRows(client.writable, rows, new AbortController().signal);
    await settle();
    client.resume();
    await written;
    const lines = client.text().trimEnd().split("\r\n");
    expect(lines).toHaveLength(5_001);
    expect(lines.at(-1)).toMatch(/^5000,/);
  });
});
