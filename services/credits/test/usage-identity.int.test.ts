import { create, toBinary } from "@bufbuild/protobuf";
import type { IncomingEvent } from "@stipend/platform/kafka/events";
import { UsageReportedSchema } from "@stipend/proto/events/usage/v1/events";
import { expect, test } from "vitest";
import { requestHash } from "../src/domain/request-hash.ts";
import { usageHandler } from "../src/events/handlers.ts";
import { flawOf } from "../src/events/reported-usage.ts";
import { mysqlLedger, mysqlReads } from "../src/store/session.ts";
import { useLedgerDatabase } from "./support/ledger-database.ts";

const ledgerDb = useLedgerDatabase();
const NOW = new Date("2026-01-15T10:00:00.000Z");

function report(userId: string, amount: number, id: string, source: string): IncomingEvent {
  const message = create(UsageReportedSchema, { userId, amount: BigInt(amount), feature: "ocr", reason: "pages" });
  return {
    id,
    type: UsageReportedSchema.typeName,
    source,
    subject: userId,
    time: NOW,
    topic: "usage.v1",
    partition: 0,
    offset: "0",
    message,
    data: toBinary(UsageReportedSchema, message),
  };
}

const handle = (events: readonly IncomingEvent[]) =>
  usageHandler({
    ledger: mysqlLedger(ledgerDb.db, () => undefined),
    clock: { now: () => NOW },
    timeZone: "UTC",
    validate: flawOf,
  }).handle(events);

async function given(userId: string): Promise<void> {
  await mysqlLedger(ledgerDb.db, () => undefined).write("test", (session) =>
    session.grant(NOW, [
      {
        userId,
        amount: 100,
        kind: "bonus",
        reason: "test",
        actor: "root",
        requestKey: "gift",
        requestHash: requestHash("grant", { userId }),
      },
    ]),
  );
}

const charged = async (userId: string) =>
  (await mysqlReads(ledgerDb.db).transactions({ userId, limit: 50 })).filter(({ type }) => type === "consume");

test("two services that number their events alike are both charged, each event once", async () => {
  await given("una");
  const ocr = report("una", 3, "1", "/ocr");
  const mail = report("una", 4, "1", "/mail");
  await handle([ocr, mail]);
  await handle([mail]);
  await handle([ocr, mail]);
  expect((await charged("una")).map(({ amount }) => amount).sort()).toEqual([-3, -4]);
});

test("long sources that begin alike are told apart", async () => {
  await given("lou");
  const source = `/${"s".repeat(200)}`;
  await handle([report("lou", 3, "1", `${source}a`), report("lou", 4, "1", `${source}b`)]);
  expect(await charged("lou")).toHaveLength(2);
});

test("no Idempotency-Key of a caller can take the place of a usage event", async () => {
  await given("eve");
  await mysqlLedger(ledgerDb.db, () => undefined).write("test", (session) =>
    session.consume(NOW, [
      {
        userId: "eve",
        amount: 1,
        reason: "guess",
        actor: "eve",
        requestKey: "usage:event-1",
        requestHash: requestHash("consume", { amount: 1 }),
      },
    ]),
  );
  await handle([report("eve", 20, "event-1", "/ocr")]);
  const rows = await charged("eve");
  expect(rows.map(({ amount }) => amount).sort()).toEqual([-1, -20]);
  const key = rows.find(({ amount }) => amount === -20)?.requestKey ?? "";
  // What the header and the items of a batch may hold.
  expect(key).not.toMatch(/^[\x20-\x7e]{1,255}$/);
  expect(key.length).toBeLessThanOrEqual(255);
});
