import { fromBinary } from "@bufbuild/protobuf";
import type { OutgoingEvent } from "@stipend/platform/kafka/events";
import { silentLog } from "@stipend/platform/log/log";
import { AccessRefusedSchema } from "@stipend/proto/events/security/v1/events";
import { describe, expect, it } from "vitest";
import { FrozenAttempts } from "../src/events/frozen-attempts.ts";

const NOON = new Date("2026-01-31T12:00:00Z");

function rig() {
  const sent: OutgoingEvent[] = [];
  const state = { away: false, now: NOON };
  const attempts = new FrozenAttempts({
    publish: async (events) => {
      if (state.away) throw new Error("Kafka is away");
      sent.push(...events);
    },
    topic: "stipend.security.v1",
    now: () => state.now,
    log: silentLog(),
  });
  return { attempts, sent, state };
}

describe("attempts of frozen accounts", () => {
  it("become events under the account's own key", async () => {
    const { attempts, sent } = rig();
    attempts.tell("liam", "consume");
    attempts.tell("liam", "hold");
    expect(sent).toEqual([]);
    await attempts.trigger();
    expect(sent).toMatchObject([
      { subject: "liam", topic: "stipend.security.v1", source: "/stipend/credits", time: NOON },
      { subject: "liam" },
    ]);
    expect(sent.map(({ data }) => fromBinary(AccessRefusedSchema, data))).toMatchObject([
      { subject: "liam", code: "account_frozen", route: "/api/credits/consume" },
      { subject: "liam", code: "account_frozen", route: "/api/credits/holds" },
    ]);
  });

  it("wait while Kafka is away, and are sent once", async () => {
    const { attempts, sent, state } = rig();
    state.away = true;
    attempts.tell("liam", "consume");
    await attempts.trigger();
    state.away = false;
    await attempts.trigger();
    await attempts.trigger();
    expect(sent).toHaveLength(1);
  });

  it("are told up to thirty times a minute of each account, and never wait without bound", async () => {
    const { attempts, sent, state } = rig();
    for (let n = 0; n < 100; n++) attempts.tell("liam", "consume");
    for (let n = 0; n < 2_000; n++) attempts.tell(`user-${n}`, "consume");
    while (sent.length < 1_000) await attempts.trigger();
    await attempts.trigger();
    expect(sent).toHaveLength(1_000);
    expect(sent.filter(({ subject }) => subject === "liam")).toHaveLength(30);
    state.now = new Date(NOON.getTime() + 60_000);
    attempts.tell("liam", "consume");
    await attempts.trigger();
    expect(sent).toHaveLength(1_001);
  });
});
