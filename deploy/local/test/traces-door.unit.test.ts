import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { afterEach, expect, test } from "vitest";
import { createDoor } from "../src/traces/door.ts";

const LENGTH_DELIMITED = 2;
const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
});

async function listening(server: Server): Promise<string> {
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const zipkinThat = (listener: RequestListener): Promise<string> => listening(createServer(listener));
const answering = (status: number): Promise<string> =>
  zipkinThat((req, res) => void req.resume().on("end", () => res.writeHead(status).end()));

/** An export of one span with nothing in it. */
function oneSpan(): Uint8Array {
  const nest = (field: number, inner: Uint8Array) =>
    new BinaryWriter().tag(field, LENGTH_DELIMITED).bytes(inner).finish();
  return nest(1, nest(2, nest(2, new Uint8Array())));
}

async function send(door: string, body: Uint8Array = oneSpan()): Promise<number> {
  const answer = await fetch(`${door}/v1/traces`, {
    method: "POST",
    headers: { "content-type": "application/x-protobuf" },
    body: Buffer.from(body),
  });
  await answer.text();
  return answer.status;
}

const silent = (): void => undefined;

test.each([
  [202, 200],
  [400, 400],
  [429, 503],
  [500, 503],
  [503, 503],
])("Zipkin's %i is the exporter's %i", async (zipkin, exporter) => {
  const door = await listening(createDoor(await answering(zipkin), silent));
  expect(await send(door)).toBe(exporter);
});

test("a Zipkin that is away is 503, a body that can't be read 400", async () => {
  const door = await listening(createDoor("http://127.0.0.1:1", silent));
  expect(await send(door)).toBe(503);
  expect(await send(door, new Uint8Array([0x0a, 0xff]))).toBe(400);
});

test("what doesn't fit beside the exports in hand is 503, is logged once with its count, and fits when they are done", async () => {
  const lines: string[] = [];
  const held: (() => void)[] = [];
  const zipkin = await zipkinThat((req, res) => {
    req.resume();
    held.push(() => res.writeHead(202).end());
  });
  const server = createDoor(zipkin, (line) => lines.push(line), { maxBytes: 2 * oneSpan().length, atOnce: 1 });
  const door = await listening(server);
  const first = send(door);
  await expect.poll(() => held.length).toBe(1);
  // of two more, one waits for its turn and one finds no room
  const more = [send(door), send(door)];
  expect(await Promise.race(more)).toBe(503);
  expect(held).toHaveLength(1);
  held[0]?.();
  expect(await first).toBe(200);
  await expect.poll(() => held.length).toBe(2);
  held[1]?.();
  expect((await Promise.all(more)).toSorted()).toEqual([200, 503]);
  const third = send(door);
  await expect.poll(() => held.length).toBe(3);
  held[2]?.();
  expect(await third).toBe(200);
  expect(lines).toEqual([]);
  servers.splice(servers.indexOf(server), 1);
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  expect(lines).toEqual(["1 exports were refused; the last one: 503, too many exports wait for Zipkin"]);
});
