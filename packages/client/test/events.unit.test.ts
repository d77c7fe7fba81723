import type { ServerResponse } from "node:http";
import { describe, expect, test } from "vitest";
import { StipendClient } from "../src/client.ts";
import type { StipendEvent } from "../src/events.ts";
import { problem, type Reply, serverWith } from "./support/server.ts";

function begin(res: ServerResponse): void {
  res.writeHead(200, { "content-type": "text/event-stream" });
  res.write("retry: 100\n\n: heartbeat\n\n");
}

function tell(res: ServerResponse, version: number, type = "credits"): void {
  res.write(`event: ${type}\nid: ${version}-0\ndata: {"userId":"alice",\ndata: "version":${version}}\n\n`);
}

const telling =
  (...versions: readonly number[]): Reply =>
  (res) => {
    begin(res);
    for (const version of versions) tell(res, version);
  };

async function take(url: string, count: number, lastEventId?: string): Promise<readonly StipendEvent[]> {
  const stop = new AbortController();
  const events: StipendEvent[] = [];
  const client = new StipendClient({ baseUrl: url, token: () => "t" });
  const given = lastEventId === undefined ? {} : { lastEventId };
  for await (const event of client.events({ signal: stop.signal, ...given })) {
    events.push(event);
    if (events.length === count) stop.abort();
  }
  return events;
}

describe("the event stream", () => {
  test("is read with the token in a header, data of several lines joined", async () => {
    const { url, seen } = await serverWith(telling(1, 2));
    const events = await take(url, 2);
    expect(events).toEqual([
      { type: "credits", id: "1-0", data: { userId: "alice", version: 1 } },
      { type: "credits", id: "2-0", data: { userId: "alice", version: 2 } },
    ]);
    expect(seen[0]).toMatchObject({ url: "/api/events", headers: { authorization: "Bearer t" } });
    expect(seen[0]?.headers["last-event-id"]).toBeUndefined();
  });

  test("goes on after a broken connection with what it knew last", async () => {
    const { url, seen } = await serverWith((res) => {
      telling(5)(res, { method: "", url: "", headers: {}, body: "" });
      setImmediate(() => res.socket?.destroy());
    }, telling(6));
    expect((await take(url, 2, "4-0")).map(({ id }) => id)).toEqual(["5-0", "6-0"]);
    expect(seen.map(({ headers }) => headers["last-event-id"])).toEqual(["4-0", "5-0"]);
  });

  test("goes on after the API was away, and says so", async () => {
    const { url } = await serverWith(problem(503, "overloaded", {}, { "retry-after": "0" }), telling(1));
    const states: string[] = [];
    const client = new StipendClient({ baseUrl: url });
    for await (const event of client.events({ onState: (state) => states.push(state) })) {
      expect(event.id).toBe("1-0");
      break;
    }
    expect(states).toEqual(["lost", "open"]);
  });

  test("passes over kinds of events it does not know", async () => {
    const { url } = await serverWith((res) => {
      begin(res);
      tell(res, 1, "weather");
      tell(res, 2);
    });
    expect((await take(url, 1)).map(({ id }) => id)).toEqual(["2-0"]);
  });

  test("ends with the refusal when it is one for good", async () => {
    const { url, seen } = await serverWith(problem(403, "role_required"));
    await expect(take(url, 1)).rejects.toMatchObject({ code: "role_required" });
    expect(seen).toHaveLength(1);
  });

  test("lets go of the connection when its reader has had enough", async () => {
    const gone = Promise.withResolvers<void>();
    const { url } = await serverWith((res, seen) => {
      telling(1)(res, seen);
      res.once("close", () => gone.resolve());
    });
    for await (const _ of new StipendClient({ baseUrl: url }).events()) break;
    await gone.promise;
  });
});
