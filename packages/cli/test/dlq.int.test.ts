import { randomBytes } from "node:crypto";
import { create, toBinary } from "@bufbuild/protobuf";
import { createKafka } from "@stipend/platform/kafka/client";
import { DLQ } from "@stipend/platform/kafka/letter";
import { EventProducer } from "@stipend/platform/kafka/producer";
import { readTail } from "@stipend/platform/kafka/tail";
import { dlqName, ensureTopics, topicName } from "@stipend/platform/kafka/topics";
import { silentLog } from "@stipend/platform/log/log";
import { MembershipExpiringSchema } from "@stipend/proto/events/membership/v1/events";
import { testEngines } from "@stipend/testing/engines/test-engines";
import { Command } from "commander";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addDlq } from "../src/commands/dlq.ts";
import { CliFailure, EXIT } from "../src/failure.ts";

const log = silentLog();
const prefix = `t${randomBytes(4).toString("hex")}`;
const topic = topicName(prefix, "membership.v1");
const brokers = testEngines().kafkaBrokers ?? "";
const kafka = createKafka({ brokers: brokers.split(","), clientId: "dlq-test", log });
const producer = new EventProducer({ kafka, log });

/** As DeadLetterQueue writes it; `daysAgo` it was set aside. */
function letter(user: string, offset: number, daysAgo = 0) {
  const time = new Date(Date.now() - daysAgo * 86_400_000).toISOString();
  const value = toBinary(
    MembershipExpiringSchema,
    create(MembershipExpiringSchema, { userId: user, daysLeft: offset }),
  );
  const event = { ce_id: `e-${offset}`, ce_source: "/test", ce_type: MembershipExpiringSchema.typeName };
  const place = { [DLQ.topic]: topic, [DLQ.partition]: "0", [DLQ.offset]: String(offset) };
  const why = {
    [DLQ.reason]: "failed",
    [DLQ.error]: "a\nbug",
    [DLQ.group]: "g",
    [DLQ.attempts]: "3",
    [DLQ.time]: time,
  };
  return { topic: dlqName(topic), key: user, value: Buffer.from(value), headers: { ...event, ...place, ...why } };
}

/** Runs the command as a person would; what it printed, said, and ended with. */
async function stipend(...args: readonly string[]) {
  const out = { printed: [] as string[], said: [] as string[], exit: EXIT.done as number };
  const program = new Command().exitOverride();
  addDlq(program, {
    env: { STIPEND_KAFKA_BROKERS: brokers, STIPEND_TOPIC_PREFIX: prefix },
    interactive: false,
    print: (line) => void out.printed.push(line),
    say: (line) => void out.said.push(line),
    end: (code) => {
      out.exit = code;
    },
  });
  await program.parseAsync(["dlq", ...args], { from: "user" }).catch((error: unknown) => {
    if (!(error instanceof CliFailure)) throw error;
    out.exit = error.exit;
    out.said.push(error.message);
  });
  return out;
}

const sentAgain = () => readTail({ kafka, topic, perPartition: 100, timeoutMs: 10_000 });

beforeAll(async () => {
  await ensureTopics(kafka, { topics: [topic], partitions: 1, replication: 1 });
  await producer.send([letter("alice", 1), letter("bob", 2), letter("carol", 3, 60)]);
});

afterAll(async () => {
  await producer.stop();
  const admin = kafka.admin();
  await admin.connect();
  await admin.deleteTopics({ topics: [topic, dlqName(topic)] });
  await admin.disconnect();
});

describe("stipend dlq", () => {
  test("list shows each letter on one line, oldest first", async () => {
    const { printed, said } = await stipend("list");
    expect(said).toEqual(["3 open, 0 replayed"]);
    expect(printed.map((line) => line.split(/\s+/)[0])).toEqual([
      "membership.v1/0/2",
      "membership.v1/0/0",
      "membership.v1/0/1",
    ]);
    expect(printed[1]).toMatch(/open +failed +MembershipExpiring +alice +g +a bug$/);
  });

  test("show decodes the message", async () => {
    const shown: unknown = JSON.parse((await stipend("show", "membership.v1/0/1")).printed.join("\n"));
    expect(shown).toMatchObject({ key: "bob", eventId: "e-2", event: { userId: "bob", daysLeft: 2 }, attempts: 3 });
  });

  test("replay sends what was named, once, and list shows what is still open", async () => {
    expect((await stipend("replay", "membership.v1/0/1", "--dry-run")).said).toEqual(["1 letter would be replayed"]);
    expect(await sentAgain()).toHaveLength(0);
    expect((await stipend("replay", "membership.v1/0/1")).said).toEqual(["1 letter replayed: 1 message sent"]);
    expect((await stipend("list")).said).toEqual(["2 open, 1 replayed"]);
    const repeated = await stipend("replay", "membership.v1/0/1");
    expect(repeated).toMatchObject({
      exit: EXIT.findings,
      said: ["nothing was replayed", expect.stringContaining("--again")],
    });
    expect(await sentAgain()).toHaveLength(1);
  });

  test("replay --all leaves out what others may have forgotten, unless it is asked for", async () => {
    const all = await stipend("replay", "--all");
    expect(all).toMatchObject({
      exit: EXIT.findings,
      said: ["1 letter replayed: 1 message sent", expect.stringContaining("--old")],
    });
    expect((await stipend("replay", "--all", "--old")).exit).toBe(EXIT.done);
    expect((await sentAgain()).map(({ raw }) => raw.key?.toString())).toEqual(["bob", "alice", "carol"]);
    expect((await stipend("list")).printed).toEqual([]);
    expect(JSON.parse((await stipend("list", "--all", "--json")).printed[0] ?? "")).toMatchObject({
      letter: "membership.v1/0/2",
      replayed: { by: expect.any(String) },
    });
  });

  test("says what is wrong with the question", async () => {
    expect(await stipend("replay")).toMatchObject({ exit: EXIT.usage });
    expect(await stipend("show", "membership.v1/0/99")).toMatchObject({ exit: EXIT.findings });
    expect(await stipend("list", "--brokers", "nowhere")).toMatchObject({ exit: EXIT.usage });
    expect(await stipend("list", "--brokers", "127.0.0.1:1")).toMatchObject({ exit: EXIT.unreachable });
  });
});
