import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { FreshDatabase } from "@stipend/testing/fresh-database";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createKafka } from "../src/kafka/client.ts";
import { silentLog } from "../src/log/log.ts";
import { engines, testSchema } from "./support/engines.ts";
import { OtlpReceiver, type ReceivedSpan } from "./support/otlp-receiver.ts";
import { deleteTopics } from "./support/read-topic.ts";

const REGISTER = fileURLToPath(new URL("../src/telemetry/register.ts", import.meta.url));
const SERVICE = fileURLToPath(new URL("support/traced-service.ts", import.meta.url));

let schema: FreshDatabase;
let receiver: OtlpReceiver;
let prefix: string;

beforeEach(async () => {
  schema = await testSchema();
  receiver = new OtlpReceiver();
  prefix = `t${randomBytes(4).toString("hex")}`;
});

afterEach(async () => {
  receiver.stop();
  await schema.drop();
  const kafka = createKafka({ brokers: engines().kafkaBrokers.split(","), clientId: "clean-up", log: silentLog() });
  await deleteTopics(kafka, prefix);
});

async function runService(env: NodeJS.ProcessEnv): Promise<{ code: number | null; out: string; err: string }> {
  const args = ["--import", REGISTER, SERVICE, schema.url, engines().kafkaBrokers, prefix];
  const child = spawn(process.execPath, args, { env: { ...process.env, ...env } });
  let out = "";
  let err = "";
  child.stdout.on("data", (data: Buffer) => {
    out += data.toString();
  });
  child.stderr.on("data", (data: Buffer) => {
    err += data.toString();
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, out, err };
}

function child(spans: readonly ReceivedSpan[], parent: ReceivedSpan, name: string | RegExp): ReceivedSpan {
  const found = spans.find(
    (span) => span.parentId === parent.spanId && (typeof name === "string" ? span.name === name : name.test(span.name)),
  );
  if (found === undefined)
    throw new Error(`no ${String(name)} below ${parent.name} among ${spans.map((s) => s.name).join()}`);
  return found;
}

describe("one trace", () => {
  it("runs from the HTTP request through transaction, outbox and Kafka to the consumer's transaction", async () => {
    const endpoint = await receiver.start();
    const { code, out, err } = await runService({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_SERVICE_NAME: "traced" });
    expect(err).toBe("");
    expect(code).toBe(0);
    const { spans } = receiver;
    const root = spans.find((span) => span.parentId === "" && /post/i.test(span.name));
    if (root === undefined) throw new Error(`no client span among ${spans.map((s) => s.name).join()}`);
    expect(spans.filter((span) => span.traceId !== root.traceId)).toEqual([]);
    const server = child(spans, root, /\/api\/write\/:user/);
    const handler = child(spans, server, /request handler/);
    const write = child(spans, handler, "mysql test.write");
    child(spans, write, /^commit$/i);
    const send = child(spans, handler, `send ${prefix}.membership.v1`);
    const consume = child(spans, send, `process ${prefix}.membership.v1`);
    const apply = child(spans, consume, "mysql test.apply");
    expect(spans.filter((span) => span.parentId === apply.spanId && /^call$/i.test(span.name)).length).toBe(2);
    child(spans, apply, /^commit$/i);
    const line = out.split("\n").find((text) => text.includes('"msg":"written"')) ?? "{}";
    expect(JSON.parse(line)).toMatchObject({ trace_id: root.traceId });
  }, 60_000);
});

describe("without a receiver", () => {
  it("traces nothing, warns of nothing and works", async () => {
    const { code, out, err } = await runService({ OTEL_EXPORTER_OTLP_ENDPOINT: "" });
    expect(err).toBe("");
    expect(code).toBe(0);
    expect(out).not.toContain("trace_id");
  }, 60_000);

  it("is not held up by one that does not answer", async () => {
    const { code } = await runService({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" });
    expect(code).toBe(0);
  }, 60_000);
});
