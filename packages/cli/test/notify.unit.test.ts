import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Command } from "commander";
import { afterEach, describe, expect, test } from "vitest";
import { addNotify } from "../src/commands/notify.ts";
import { EXIT } from "../src/failure.ts";
import type { Shell } from "../src/shell.ts";
import { refusal } from "./support.ts";

let stop: (() => void) | undefined;
afterEach(() => stop?.());

/** A gateway that answers this; runs `stipend notify test ops` against it. */
async function run(status: number, body: unknown) {
  const asked: { url: string | undefined; body: string }[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
    request.on("end", () => {
      asked.push({ url: request.url, body: text });
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stop = () => server.close();
  const printed: string[] = [];
  const shell: Shell = {
    env: { STIPEND_TOKEN: "t0ken" },
    interactive: false,
    print: (line) => void printed.push(line),
    say: () => undefined,
    end: () => undefined,
  };
  const program = new Command("stipend").exitOverride();
  addNotify(program, shell);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const failure = await program
    .parseAsync(["node", "stipend", "notify", "test", "ops", "--url", url])
    .then(() => null)
    .catch((error: unknown) => error);
  return { asked, printed, failure };
}

describe("stipend notify test", () => {
  test("says under which id the message was sent", async () => {
    const deliveryId = "01a20d56-0af1-755e-95ff-38ac9c59151f";
    const { asked, printed, failure } = await run(200, { channel: "ops", deliveryId });
    expect(failure).toBeNull();
    expect(printed).toEqual([`ops: sent as ${deliveryId}`]);
    expect(asked).toEqual([{ url: "/api/admin/notifications/test", body: '{"channel":"ops"}' }]);
  });

  test("ends with 1 when the channel did not take it, and tries once", async () => {
    const { asked, failure } = await run(424, refusal(424, "notification_failed", "ops: answered 500").body);
    expect(failure).toMatchObject({ exit: EXIT.findings, message: expect.stringContaining("answered 500") });
    expect(asked).toHaveLength(1);
  });

  test("ends with 2 when there is no such channel", async () => {
    const { failure } = await run(404, refusal(404, "channel_not_found").body);
    expect(failure).toMatchObject({ exit: EXIT.usage });
  });
});
