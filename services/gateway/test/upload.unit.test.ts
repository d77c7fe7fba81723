/** Bodies that take their time on the way to a metered feature. */
import type { RequestListener } from "node:http";
import { connect } from "node:net";
import { eventually } from "@stipend/testing/eventually";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import type { Feature } from "../src/features/feature.ts";
import { createIssuer, type Issuer } from "./support/issuer.ts";
import { openMeteredDoor } from "./support/metered.ts";

let issuer: Issuer;
beforeAll(async () => {
  issuer = await createIssuer("ES256");
});

/** For everything but features: what an upload would be cut at, did it not have a time of its own. */
const DOOR_MS = 300;
const PACE = { windowMs: 200, leastBytes: 100 };
const PIECE = Buffer.alloc(1_000, 120);

async function setUp(upstream: RequestListener, { timeoutMs = 10_000, answer = "buffered" }: Partial<Feature> = {}) {
  const { url, credits, pool } = await openMeteredDoor(issuer, upstream, {
    feature: { path: "/api/transcribe", timeoutMs, answer, requestLimit: 100_000_000 },
    uploadPace: PACE,
    bodyTimeoutMs: DOOR_MS,
  });
  return { port: Number(new URL(url).port), credits, featurePool: pool };
}

const counting: RequestListener = (req, res) => {
  let bytes = 0;
  req.on("data", (chunk: Buffer) => (bytes += chunk.length)).on("error", () => undefined);
  req.once("end", () => res.end(String(bytes)));
};

/** Sends the head, then a piece at each beat, and tells what is answered. */
async function upload(port: number, length: number, pieces: readonly Buffer[], everyMs: number) {
  const socket = connect(port, "127.0.0.1");
  const seen = { answer: "", closed: false };
  socket.on("data", (chunk) => (seen.answer += String(chunk)));
  socket.on("error", () => undefined);
  socket.once("close", () => {
    seen.closed = true;
  });
  const token = await issuer.token();
  socket.write(
    `POST /api/transcribe HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Length: ${length}\r\n\r\n`,
  );
  const left = [...pieces];
  const pace = setInterval(() => {
    const next = left.shift();
    if (next === undefined || seen.closed) clearInterval(pace);
    else socket.write(next);
  }, everyMs);
  onTestFinished(() => {
    clearInterval(pace);
    socket.destroy();
  });
  return seen;
}

test("a slow but steady upload goes through, long after the door's own bound, and is charged", async () => {
  const { port, credits } = await setUp(counting);
  const began = performance.now();
  const seen = await upload(port, 20 * PIECE.length, Array(20).fill(PIECE), 100);
  await eventually(() => expect(seen.answer).toContain("HTTP/1.1 200"));
  expect(performance.now() - began).toBeGreaterThan(5 * DOOR_MS);
  expect(seen.answer.endsWith(String(20 * PIECE.length))).toBe(true);
  expect(seen.answer).toContain("stipend-credits-charged: 1");
  expect(credits.state.rows).toEqual(["hold 1", "capture 1"]);
});

test.each<[string, readonly Buffer[]]>([
  ["stops in the middle", Array(4).fill(PIECE)],
  ["never begins", []],
  ["comes drop by drop", Array(200).fill(Buffer.from("x"))],
])("an upload that %s is ended with 408, and the credits come back", async (_, pieces) => {
  const { port, credits, featurePool } = await setUp(counting);
  const seen = await upload(port, 1_000_000, pieces, 100);
  await eventually(() => expect(seen.closed).toBe(true));
  expect(seen.answer).toContain("HTTP/1.1 408");
  expect(seen.answer).toContain('"code":"request_timeout"');
  expect(seen.answer).toContain("stipend-credits-charged: 0");
  expect(credits.state.rows).toEqual(["hold 1", "release 1"]);
  expect(featurePool.inFlight).toBe(0);
});

test("an upload beyond the feature's own time is ended with 504", async () => {
  const { port, credits } = await setUp(counting, { timeoutMs: 1_000 });
  const seen = await upload(port, 1_000_000, Array(100).fill(PIECE), 50);
  await eventually(() => expect(seen.closed).toBe(true));
  expect(seen.answer).toContain("HTTP/1.1 504");
  expect(seen.answer).toContain('"code":"feature_timed_out"');
  expect(credits.state.rows).toEqual(["hold 1", "release 1"]);
});

test("an upstream that takes nothing for a while is not the client's fault", async () => {
  const goOn = Promise.withResolvers<void>();
  let waits = 0;
  const { port } = await setUp(async (req, res) => {
    let bytes = 0;
    for await (const chunk of req as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      await goOn.promise;
    }
    res.end(String(bytes));
  });
  const block = Buffer.alloc(1_048_576, 120);
  const seen = await upload(port, 48 * block.length, Array(48).fill(block), 1);
  // Far more than the sockets between hold: it is the upstream that everybody waits for.
  await eventually(() => expect(++waits).toBeGreaterThan(20), { everyMs: PACE.windowMs / 4 });
  expect(seen).toEqual({ answer: "", closed: false });
  goOn.resolve();
  await eventually(() => expect(seen.answer.endsWith(String(48 * block.length))).toBe(true));
});

test.each(["buffered", "streamed"] as const)(
  "an upstream that answers before it has everything, %s: the answer comes, and the connection ends",
  async (answer) => {
    const { port, credits } = await setUp((_req, res) => void res.writeHead(200).end("enough"), { answer });
    const seen = await upload(port, 1_000_000, [PIECE], 50);
    await eventually(() => expect(seen.closed).toBe(true));
    expect(seen.answer).toMatch(/^HTTP\/1\.1 200 [\s\S]*enough/);
    await eventually(() => expect(credits.state.rows).toEqual(["hold 1", "capture 1"]));
  },
);
