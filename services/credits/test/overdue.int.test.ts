import { expect, test } from "vitest";
import { keepMemberships, overdueMemberships } from "../src/store/waiting.ts";
import type { OverdueUser } from "../src/usecases/ports.ts";
import { at } from "./support/build.ts";
import { useLedgerDatabase } from "./support/ledger-database.ts";

const one = useLedgerDatabase(1);
const day = (n: number) => at(`2026-01-${n}T00:00:00.507Z`);

test("who has waited longest comes first, each page behind the one before, nobody who waits since later", async () => {
  // When the news of each came that waits: the first of it counts.
  const waits: readonly (readonly [userId: string, ...receivedOn: number[]])[] = [
    ["a", 13, 14],
    ["b", 12, 19],
    ["c", 12],
    ["d", 13, 11],
    ["e", 13],
    ["too-new", 15],
  ];
  const news = waits.flatMap(([userId, ...days]) =>
    days.map((n, place) => ({
      userId,
      version: place + 2,
      membership: null,
      occurredAt: day(10),
      receivedAt: day(n),
    })),
  );
  await one.db.transaction((tx) => keepMemberships(tx, news));
  const pages: OverdueUser[][] = [];
  for (let after: OverdueUser | null = null; pages.at(-1)?.length !== 0; after = pages.at(-1)?.at(-1) ?? null) {
    if (pages.length === 5) throw new Error("it does not end");
    pages.push(await one.db.transaction((tx) => overdueMemberships(tx, day(13), 2, after)));
  }
  const user = (userId: string, n: number) => ({ userId, since: day(n) });
  expect(pages).toEqual([[user("d", 11), user("b", 12)], [user("c", 12), user("a", 13)], [user("e", 13)], []]);
});
