import { expect, test } from "vitest";
import type { DueAccount } from "../src/domain/ledger/allowance.ts";
import { sweepLapsed } from "../src/usecases/sweep-lapsed.ts";
import { day } from "./support/plain-account.ts";
import { plainLedger } from "./support/plain-ledger.ts";

const NOW = day("2026-02-10");

/** @param broken fails whenever it is touched; the others lapse */
function lapsing(userIds: readonly string[], broken: string, beforeTouch = (_userIds: readonly string[]): void => {}) {
  const due = new Set(userIds);
  const touched: string[] = [];
  const ledger = plainLedger({
    claimLapsed: (_now, limit, after: DueAccount | null) =>
      Promise.resolve(
        [...due]
          .filter((userId) => after === null || userId > after.userId)
          .slice(0, limit)
          .map((userId) => ({ userId, dueAt: NOW })),
      ),
    touch: (_now, named) => {
      beforeTouch(named);
      touched.push(named.join("+"));
      if (named.includes(broken)) return Promise.reject(new Error(`${broken} is broken`));
      for (const userId of named) due.delete(userId);
      return Promise.resolve(named.length);
    },
  });
  return { touched, ports: { ledger, clock: { now: () => NOW } } };
}

test("goes through a page that failed account by account, and again through all as long as something was booked", async () => {
  const { touched, ports } = lapsing(["a", "b", "c"], "b");
  const skipped: string[] = [];
  const faults = { isTransient: () => false, skipped: (userId: string) => void skipped.push(userId) };
  expect(await sweepLapsed({ ...ports, faults }, new AbortController().signal)).toBe(2);
  expect(touched).toEqual(["a+b+c", "a", "b", "c"]);
  expect(skipped).toEqual(["b"]);
});

test("ends between two accounts when the service stops", async () => {
  const stopping = new AbortController();
  const { touched, ports } = lapsing(["a", "b", "c"], "c", (named) => {
    if (named.length === 1) stopping.abort();
  });
  const faults = { isTransient: () => false, skipped: () => undefined };
  expect(await sweepLapsed({ ...ports, faults }, stopping.signal)).toBe(1);
  expect(touched).toEqual(["a+b+c", "a"]);
});

test("ends with the error when there is nobody to tell, and when the surroundings fail in between", async () => {
  const alone = lapsing(["a", "b"], "b");
  await expect(sweepLapsed(alone.ports, new AbortController().signal)).rejects.toThrow("b is broken");
  expect(alone.touched).toEqual(["a+b"]);
  let asked = 0;
  const { touched, ports } = lapsing(["a", "b"], "b");
  const faults = { isTransient: () => ++asked > 1, skipped: () => undefined };
  await expect(sweepLapsed({ ...ports, faults }, new AbortController().signal)).rejects.toThrow("b is broken");
  expect(touched).toEqual(["a+b", "a", "b"]);
  const away = { ...ports, ledger: { ...ports.ledger, write: () => Promise.reject(new Error("away")) } };
  const told = { isTransient: () => false, skipped: () => undefined };
  await expect(sweepLapsed({ ...away, faults: told }, new AbortController().signal)).rejects.toThrow("away");
});
