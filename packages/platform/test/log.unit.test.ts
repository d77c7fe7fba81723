import { Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { createLog } from "../src/log/log.ts";

function capture(write: (log: ReturnType<typeof createLog>) => void): Record<string, unknown> {
  let text = "";
  const destination = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      text += chunk.toString();
      done();
    },
  });
  write(createLog({ service: "test", destination }));
  return JSON.parse(text) as Record<string, unknown>;
}

describe("createLog", () => {
  it("writes one JSON object a line with time, level and service", () => {
    const line = capture((log) => log.info({ userId: "alice" }, "hello"));
    expect(line).toMatchObject({ level: "info", service: "test", userId: "alice", msg: "hello" });
    expect(Date.parse(String(line["time"]))).not.toBeNaN();
  });

  it("never writes secrets, wherever they stand", () => {
    const secret = "do-not-log-me";
    const line = capture((log) =>
      log.info({
        token: secret,
        headers: { authorization: `Bearer ${secret}`, cookie: secret, "idempotency-key": secret, "set-cookie": secret },
        req: { headers: { authorization: secret } },
        config: { password: secret, deeper: { apiKey: secret } },
      }),
    );
    expect(JSON.stringify(line)).not.toContain(secret);
  });

  it("cuts passwords out of URLs and statements out of the driver's errors", () => {
    const error = Object.assign(new Error("connect mysql://u:hunter2@h failed"), { sql: "CALL X('alice')", errno: 1 });
    const text = JSON.stringify(capture((log) => log.error({ err: error })));
    expect(text).not.toContain("hunter2");
    expect(text).not.toContain("alice");
    expect(text).toContain("mysql://u:[secret]@h");
  });
});
