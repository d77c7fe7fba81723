import { expect, test } from "vitest";
import type { PurchaseOperation, SetPackageOperation } from "../src/domain/ledger/packages.ts";
import { applyMembership, checkAndResetUserCredits } from "../src/store/allowance.ts";
import { purchasePackages } from "../src/store/ledger.ts";
import { getPackage, listPackages, setPackages } from "../src/store/packages.ts";
import { done, freshUser, month, NOW, request } from "./support/build.ts";
import { useLedgerDatabase } from "./support/ledger-database.ts";

const ledger = useLedgerDatabase(20);

function purchase(userId: string, paymentReference: string, more: Partial<PurchaseOperation> = {}): PurchaseOperation {
  return { userId, code: "starter-50", paymentReference, ...request(), ...more };
}

async function buy(...operations: PurchaseOperation[]) {
  return await ledger.db.transaction((tx) => purchasePackages(tx, NOW, operations));
}

test("a payment reference buys once: the same purchase replays, another account or package is refused", async () => {
  const [one, two] = [freshUser(), freshUser()];
  const [first] = await buy(purchase(one, "pay-1"));
  const rest = await buy(
    purchase(one, "pay-1"),
    purchase(two, "pay-1"),
    purchase(one, "pay-1", { code: "pack-100" }),
    purchase(two, "pay-2"),
    purchase(two, "pay-2"),
    purchase(one, "pay-2"),
  );
  expect(rest.map((answer) => answer.outcome)).toEqual([
    "replayed",
    "payment_reference_used",
    "payment_reference_used",
    "ok",
    "replayed",
    "payment_reference_used",
  ]);
  expect(done(rest[0]).transaction).toEqual(done(first).transaction);
  expect(done(rest[4]).transaction.id).toBe(done(rest[3]).transaction.id);
  expect(done(first).transaction).toMatchObject({ type: "grant", amount: 50, grantKind: "package" });
});

test("in one batch, too, a reference buys one package: the other is refused without a transaction", async () => {
  const userId = freshUser();
  const outcomes = await buy(
    purchase(userId, "pay-both"),
    purchase(userId, "pay-both", { code: "pack-100", membershipNotRequired: true }),
  );
  expect(outcomes.map((answer) => answer.outcome)).toEqual(["ok", "payment_reference_used"]);
  expect(outcomes[1]).not.toHaveProperty("transaction");
});

test("one payment sent at once for 20 accounts is used by one", async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => buy(purchase(freshUser(), "pay-race"))));
  const outcomes = answers.map(([answer]) => answer?.outcome);
  expect(outcomes.filter((outcome) => outcome === "ok")).toHaveLength(1);
  expect(outcomes.filter((outcome) => outcome === "payment_reference_used")).toHaveLength(19);
});

test("a package that needs a membership is refused without one, and given with one", async () => {
  const userId = freshUser();
  const wanted = { code: "pack-100" };
  const [refused] = await buy(purchase(userId, "pay-m1", wanted));
  const [gift] = await buy(purchase(userId, "pay-m2", { ...wanted, membershipNotRequired: true }));
  await ledger.db.transaction(async (tx) => {
    await applyMembership(tx, NOW, [{ userId, version: 1, state: {}, activeUntil: "open" }]);
    await checkAndResetUserCredits(tx, NOW, [month(userId, NOW, 10)]);
  });
  const [bought] = await buy(purchase(userId, "pay-m1", wanted));
  expect([refused, gift, bought].map((answer) => answer?.outcome)).toEqual(["membership_required", "ok", "ok"]);
});

test("unknown and inactive packages are refused", async () => {
  const old: SetPackageOperation = {
    code: "old",
    name: "No longer sold",
    credits: 5,
    priceMinor: 1,
    currency: "EUR",
    validDays: 30,
    priority: 50,
    requiresMembership: false,
    active: false,
    actor: "root",
  };
  await ledger.db.transaction((tx) => setPackages(tx, NOW, [old]));
  const answers = await buy(
    purchase(freshUser(), "pay-u1", { code: "nothing" }),
    purchase(freshUser(), "pay-u2", { code: "old" }),
  );
  expect(answers.map((answer) => answer.outcome)).toEqual(["package_not_found", "package_inactive"]);
  expect((await listPackages(ledger.db)).map(({ code }) => code)).not.toContain("old");
});

test("the catalogue changes by version, and each change by an admin is audited with before and after", async () => {
  const base: SetPackageOperation = {
    code: "versioned",
    name: "Zehn Credits für «dich»",
    credits: 10,
    priceMinor: 100,
    currency: "EUR",
    validDays: null,
    priority: 50,
    requiresMembership: true,
    active: true,
    actor: "root",
    audit: { id: "audit-package", actor: "root", roles: ["admin"], action: "package.set", reason: "neü" },
  };
  const outcomes = await ledger.db.transaction(async (tx) => [
    ...(await setPackages(tx, NOW, [{ ...base, expectedVersion: 0 }])),
    ...(await setPackages(tx, NOW, [{ ...base, audit: undefined }])),
    ...(await setPackages(tx, NOW, [{ ...base, credits: 11, expectedVersion: 7, audit: undefined }])),
    ...(await setPackages(tx, NOW, [{ ...base, credits: 11, expectedVersion: 1, audit: undefined }])),
    ...(await setPackages(tx, NOW, [{ ...base, credits: 0 }])),
  ]);
  expect(outcomes.map((answer) => answer.outcome)).toEqual(["ok", "unchanged", "version_conflict", "ok", "invalid"]);
  expect(await getPackage(ledger.db, "versioned")).toMatchObject({ credits: 11, version: 2, name: base.name });
  const audits = await ledger.owner.query(
    "SELECT payload FROM outbox WHERE topic = 'admin.v1' AND subject = 'versioned'",
  );
  expect(audits).toHaveLength(1);
});
