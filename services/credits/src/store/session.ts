import { MAX_INBOX_BATCH, recordInbox } from "@stipend/platform/inbox/inbox";
import type { Database } from "@stipend/platform/mysql/database";
import type { Tx } from "@stipend/platform/mysql/tx";
import type { ApprovalReads } from "../usecases/four-eyes.ts";
import type { Ledger, LedgerReads, LedgerSession } from "../usecases/ports.ts";
import {
  applyMembership,
  checkAndResetUserCredits,
  claimAccounts,
  claimDue,
  openAccounts,
  settleAccounts,
} from "./allowance.ts";
import { approvalByKey, decideApprovals, listApprovals, proposeOperations } from "./approvals.ts";
import {
  adjustCredits,
  captureHolds,
  consumeCredits,
  grantCredits,
  holdCredits,
  lockAccounts,
  purchasePackages,
  refundCredits,
  releaseHolds,
  setAccountStatus,
} from "./ledger.ts";
import { getPackage, listPackages, setPackages } from "./packages.ts";
import {
  explain,
  getAccounts,
  getHold,
  getTransaction,
  listTransactions,
  openHolds,
  streamTransactions,
  usageSeries,
  yearlyMonths,
} from "./reads.ts";
import { planRepairs, repairAccounts } from "./repairs.ts";
import { checkCreditsSync, claimLapsed, rejectUsage, setLowBalanceThreshold, touchAccounts } from "./upkeep.ts";
import { keepMemberships, overdueMemberships, takeMemberships } from "./waiting.ts";

/** Numbers of transactions, for their claims. */
let claims = 0;

/** The use cases' ledger over MySQL. `onWritten` is called after each commit that may have written events. */
export function mysqlLedger(db: Database, onWritten: () => void): Ledger {
  const reader = readerOf(db);
  return {
    async write(name, work) {
      const result = await db.transaction((tx) => work(sessionOf(tx, ++claims)), { name });
      onWritten();
      return result;
    },
    read: (_name, work) => work(sessionOf(reader, null)),
  };
}

export function mysqlReads(db: Database): LedgerReads {
  const reader = readerOf(db);
  return {
    transactions: (filter) => listTransactions(reader, filter),
    transaction: (id) => getTransaction(db, id),
    streamTransactions: (filter) => streamTransactions(db, filter),
    hold: (now, id) => getHold(db, now, id),
    openHolds: (now, userId, limit) => openHolds(db, now, userId, limit),
    explain: (userId, at) => explain(reader, userId, at),
    usage: (userId, edges) => usageSeries(reader, userId, edges),
    yearlyMonths: (userId) => yearlyMonths(db, userId),
    packages: (all) => listPackages(db, { all }),
    package: (code) => getPackage(db, code),
  };
}

export function mysqlApprovals(db: Database): ApprovalReads {
  return {
    approvalByKey: (now, userId, kind, requestKey) => approvalByKey(db, now, userId, kind, requestKey),
    approvals: (now, filter) => listApprovals(db, now, filter),
  };
}

/** Each call is a statement of its own: one read needs no BEGIN and COMMIT around it. */
function readerOf(db: Database): Tx {
  return {
    call: async (procedure, ...args) => ((await db.read(procedure, ...args))[0] ?? []) as never,
    callMulti: (procedure, ...args) => db.read(procedure, ...args),
    query: (sql, params) => db.query(sql, params),
  };
}

/**
 * @param claim of this transaction alone: what was locked and read to plan from is not read again to be settled, unless a procedure that moves
 * credits came in between. Null outside of one.
 */
function sessionOf(tx: Tx, claim: number | null): LedgerSession {
  return {
    lockAccounts: (now, userIds) => lockAccounts(tx, now, userIds),
    consume: (now, operations) => consumeCredits(tx, now, operations),
    refund: (now, operations) => refundCredits(tx, now, operations),
    grant: (now, operations) => grantCredits(tx, now, operations),
    adjust: (now, operations) => adjustCredits(tx, now, operations),
    setStatus: (now, operations) => setAccountStatus(tx, now, operations),
    hold: (now, operations) => holdCredits(tx, now, operations),
    capture: (now, operations) => captureHolds(tx, now, operations),
    release: (now, operations) => releaseHolds(tx, now, operations),
    purchase: (now, operations) => purchasePackages(tx, now, operations),
    setPackages: (now, operations) => setPackages(tx, now, operations),
    planRepairs: (userIds) => planRepairs(tx, userIds),
    repair: (now, operations) => repairAccounts(tx, now, operations),
    propose: (now, proposals) => proposeOperations(tx, now, proposals),
    decide: (now, decisions) => decideApprovals(tx, now, decisions),
    applyMembership: (now, operations) => applyMembership(tx, now, operations),
    takeMemberships: (userIds) => takeMemberships(tx, userIds),
    keepMemberships: (waiting) => keepMemberships(tx, waiting),
    overdueMemberships: (before, limit, after) => overdueMemberships(tx, before, limit, after),
    loadDue: (now, userIds) => claimAccounts(tx, now, userIds, claim),
    claimDue: (now, limit, after) => claimDue(tx, now, limit, after, claim),
    checkAndReset: (now, steps) => checkAndResetUserCredits(tx, now, steps),
    settle: (now, steps) => settleAccounts(tx, now, steps, claim),
    openAccounts: (now, operations) => openAccounts(tx, now, operations),
    touch: (now, userIds) => touchAccounts(tx, now, userIds),
    claimLapsed: (now, limit, after) => claimLapsed(tx, now, limit, after),
    recordInbox: (consumer, eventIds, now) => recordAll(tx, consumer, eventIds, now),
    rejectUsage: (now, rejections) => rejectUsage(tx, now, rejections),
    setLowBalanceThreshold: (now, userId, threshold) => setLowBalanceThreshold(tx, now, userId, threshold),
    accounts: (now, userIds) => getAccounts(tx, now, userIds),
    check: (range) => checkCreditsSync(tx, range),
  };
}

async function recordAll(
  tx: Tx,
  consumer: string,
  eventIds: readonly string[],
  now: Date,
): Promise<ReadonlySet<string>> {
  const fresh = new Set<string>();
  for (let from = 0; from < eventIds.length; from += MAX_INBOX_BATCH) {
    const page = eventIds.slice(from, from + MAX_INBOX_BATCH);
    for (const id of await recordInbox(tx, consumer, page, now)) fresh.add(id);
  }
  return fresh;
}
