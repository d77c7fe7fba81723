import { create, toBinary } from "@bufbuild/protobuf";
import { MembershipExpiringSchema } from "@stipend/proto/events/membership/v1/events";
import fc from "fast-check";
import type { KafkaMessage } from "kafkajs";
import { describe, expect, it } from "vitest";
import { CodedError } from "../src/errors/coded.ts";
import type { DeadLetter, DeadLetterQueue } from "../src/kafka/dead-letter.ts";
import { headersOf, type IncomingEvent, messageOf, PoisonEvent } from "../src/kafka/events.ts";
import { Pipeline, TryLater } from "../src/kafka/pipeline.ts";
import { EventsUnavailable } from "../src/kafka/producer.ts";
import { silentLog } from "../src/log/log.ts";
import { DatabaseUnavailable } from "../src/mysql/errors.ts";

type Kind = "good" | "poison" | "failing" | "unknown" | "undecodable" | "repeated";

function message(kind: Kind, offset: number, source = "/t"): KafkaMessage {
  const data = toBinary(MembershipExpiringSchema, create(MembershipExpiringSchema, { userId: kind, daysLeft: offset }));
  const type = kind === "unknown" ? "stipend.other.v1.Thing" : MembershipExpiringSchema.typeName;
  const id = kind === "repeated" ? "repeated" : `id-${offset}`;
  const headers = headersOf({ id, type, source, subject: "u", time: new Date(0), topic: "t", data }, undefined);
  return {
    key: Buffer.from("u"),
    value: kind === "undecodable" ? Buffer.from([0xff]) : Buffer.from(data),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Buffer.from(value)])),
    offset: String(offset),
    timestamp: "0",
    attributes: 0,
  };
}

interface World {
  readonly pipeline: Pipeline;
  readonly applied: number[];
  readonly dead: DeadLetter[];
  readonly progress: string[];
}

function world(more: { apply?: (batch: IncomingEvent[]) => void; put?: () => void; timeoutMs?: number } = {}): World {
  const applied: number[] = [];
  const dead: DeadLetter[] = [];
  const progress: string[] = [];
  const days = (event: IncomingEvent) => messageOf(event, MembershipExpiringSchema)?.daysLeft ?? -1;
  const handle = async (batch: IncomingEvent[]) => {
    more.apply?.(batch);
    for (const event of batch) {
      const kind = messageOf(event, MembershipExpiringSchema)?.userId;
      if (kind === "poison") throw new PoisonEvent(event.id, "poison");
      if (kind === "failing") throw new Error("failing");
    }
    applied.push(...batch.map(days));
  };
  const deadLetters = {
    put: async (letters: readonly DeadLetter[]) => {
      if (letters.length > 0) more.put?.();
      dead.push(...letters);
    },
  } as unknown as DeadLetterQueue;
  const pipeline = new Pipeline({
    groupId: "g",
    handler: { types: [MembershipExpiringSchema], handle },
    deadLetters,
    log: silentLog(),
    retryDelaysMs: [0],
    ...(more.timeoutMs === undefined ? {} : { handlerTimeoutMs: more.timeoutMs }),
  });
  return { pipeline, applied, dead, progress };
}

const run = (w: World, messages: KafkaMessage[]) =>
  w.pipeline.process("t", 0, messages, (offset) => w.progress.push(offset));

describe("the pipeline", () => {
  it("applies all that can be applied, in order and once, and sets aside all that cannot, whatever is mixed", async () => {
    const kinds = fc.constantFrom<Kind>(
      "good",
      "good",
      "good",
      "poison",
      "failing",
      "unknown",
      "undecodable",
      "repeated",
    );
    await fc.assert(
      fc.asyncProperty(fc.array(kinds, { minLength: 1, maxLength: 40 }), async (batch) => {
        const w = world();
        await run(
          w,
          batch.map((kind, offset) => message(kind, offset)),
        );
        const firstRepeated = batch.indexOf("repeated");
        const good = batch.flatMap((kind, i) => (kind === "good" || i === firstRepeated ? [i] : []));
        expect(w.applied).toEqual(good);
        const bad = batch.flatMap((kind, i) => (["poison", "failing", "undecodable"].includes(kind) ? [i] : []));
        expect(w.dead.map(({ raw }) => Number(raw.offset)).sort((a, b) => a - b)).toEqual(bad);
        expect(w.progress.at(-1)).toBe(String(batch.length - 1));
        const offsets = w.progress.map(Number);
        expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
      }),
      { numRuns: 200 },
    );
  });

  it("takes two events for one only when id and source are the same", async () => {
    const w = world();
    await run(w, [message("repeated", 0, "/a"), message("repeated", 1, "/b"), message("repeated", 2, "/a")]);
    expect(w.applied).toEqual([0, 1]);
  });

  it("passes nothing over while the database is away, and says how far it came", async () => {
    let calls = 0;
    const w = world({
      apply: () => {
        calls += 1;
        if (calls > 3) throw new DatabaseUnavailable("away");
      },
    });
    // The failing one makes the batch split, so that a part is applied before the database goes.
    const messages = [message("good", 0), message("good", 1), message("failing", 2), message("good", 3)];
    await expect(run(w, messages)).rejects.toBeInstanceOf(TryLater);
    expect(w.applied).toEqual([0, 1]);
    expect(w.progress).toEqual(["1"]);
    expect(w.dead).toEqual([]);
  });

  it("passes nothing over while the dead letter queue cannot be reached", async () => {
    const put = () => {
      throw new EventsUnavailable("away");
    };
    for (const kind of ["undecodable", "poison", "failing"] as const) {
      const w = world({ put });
      await expect(run(w, [message("good", 0), message(kind, 1)])).rejects.toBeInstanceOf(TryLater);
      expect(w.progress).not.toContain("1");
    }
  });

  it("sets an event aside once, however often it comes again because others have to wait", async () => {
    let away = true;
    const w = world({
      apply: () => {
        if (away) throw new DatabaseUnavailable("away");
      },
    });
    const messages = [message("undecodable", 0), message("good", 1)];
    for (let i = 0; i < 5; i++) await expect(run(w, messages)).rejects.toBeInstanceOf(TryLater);
    away = false;
    await run(w, messages);
    expect(w.dead.map(({ raw }) => raw.offset)).toEqual(["0"]);
    expect(w.applied).toEqual([1]);
  });

  it("counts an error with a code of the domain against the event", async () => {
    const w = world({
      apply: (batch) => {
        if (batch.some((event) => event.id === "id-1")) throw new CodedError("account_unknown");
      },
    });
    await run(w, [message("good", 0), message("good", 1), message("good", 2)]);
    expect(w.applied).toEqual([0, 2]);
    expect(w.dead).toMatchObject([{ reason: "failed", attempts: 3 }]);
  });

  it("does not wait for ever for a handler that hangs", async () => {
    const deadLetters = { put: async () => undefined } as unknown as DeadLetterQueue;
    let aborted = false;
    const pipeline = new Pipeline({
      groupId: "g",
      deadLetters,
      log: silentLog(),
      handlerTimeoutMs: 10,
      retryDelaysMs: [0],
      handler: {
        types: [MembershipExpiringSchema],
        handle: (_batch, signal) =>
          new Promise(() => {
            signal.addEventListener("abort", () => {
              aborted = true;
            });
          }),
      },
    });
    const progress: string[] = [];
    await pipeline.process("t", 0, [message("good", 0)], (offset) => progress.push(offset));
    expect(aborted).toBe(true);
    expect(progress).toContain("0");
  });
});
