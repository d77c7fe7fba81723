import type { ServerResponse } from "node:http";
import { expect, test } from "vitest";
import { StipendClient } from "../src/client.ts";
import type { StaffEvent } from "../src/events.ts";
import { serverWith } from "./support/server.ts";

function begin(res: ServerResponse, open: readonly string[]): void {
  res.writeHead(200, { "content-type": "text/event-stream" });
  const data = JSON.stringify({ open: open.map((id) => ({ id })), more: false });
  res.write(`retry: 100\nevent: alerts\ndata: ${data}\n\n`);
}

test("a console's stream begins with the open alerts, again after every break, and passes over what it does not know", async () => {
  const { url, seen } = await serverWith(
    (res) => {
      begin(res, ["a"]);
      res.write('event: weather\ndata: {}\n\nevent: alert\ndata: {"change":"raised","alert":{"id":"b"}}\n\n');
      setImmediate(() => res.socket?.destroy());
    },
    (res) => {
      begin(res, ["c", "b", "a"]);
      res.write('event: activity\ndata: {"actions":["approval.propose"]}\n\n');
    },
  );
  const events: StaffEvent[] = [];
  const states: string[] = [];
  const client = new StipendClient({ baseUrl: url, token: () => "t" });
  for await (const event of client.staffEvents({ onState: (state) => states.push(state) })) {
    events.push(event);
    if (events.length === 4) break;
  }
  expect(events).toMatchObject([
    { type: "alerts", data: { open: [{ id: "a" }] } },
    { type: "alert", data: { change: "raised", alert: { id: "b" } } },
    { type: "alerts", data: { open: [{ id: "c" }, { id: "b" }, { id: "a" }] } },
    { type: "activity", data: { actions: ["approval.propose"] } },
  ]);
  expect(states).toEqual(["open", "lost", "open"]);
  expect(seen.map(({ url: path }) => path)).toEqual(["/api/admin/events", "/api/admin/events"]);
  expect(seen[0]?.headers).toMatchObject({ authorization: "Bearer t" });
  expect(seen[1]?.headers["last-event-id"]).toBeUndefined();
});
