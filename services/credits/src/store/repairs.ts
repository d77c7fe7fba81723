import type { Tx } from "@stipend/platform/mysql/tx";
import type { AccountStatus, GrantKind, UserId } from "../domain/ledger/terms.ts";
import type { GrantRepair, HoldRepair, RepairOperation, RepairPlan, RepairResult } from "../domain/repairs.ts";
import { integer, jsonRows, type Row, text } from "./codec.ts";
import { decodeDone, inOrder } from "./results.ts";

/** What would be done with those of these accounts that differ, by user id. Locks them. At most 100. */
export async function planRepairs(tx: Tx, userIds: readonly UserId[]): Promise<RepairPlan[]> {
  return (await tx.call<Row>("PlanRepairs", userIds)).map(decodePlan);
}

/** Makes accounts agree with their ledgers, and tells of it by a row. Each account once; at most 100. */
export async function repairAccounts(
  tx: Tx,
  now: Date,
  operations: readonly RepairOperation[],
): Promise<RepairResult[]> {
  const items = operations.map(({ proposal, ...operation }) => ({ ...operation, code: proposal }));
  return inOrder(operations, await tx.call<Row>("RepairAccounts", now, items), decodeDone);
}

function decodePlan(row: Row): RepairPlan {
  return {
    userId: text(row, "user_id"),
    version: integer(row, "version"),
    proposal: text(row, "proposal"),
    restates: integer(row, "restates") === 1,
    found: {
      version: integer(row, "row_version"),
      balance: integer(row, "balance"),
      held: integer(row, "held"),
      status: text(row, "status") as AccountStatus,
      allowance: integer(row, "allowance"),
      grants: integer(row, "grants"),
      reserved: integer(row, "reserved"),
      holds: integer(row, "holds"),
    },
    told: { balance: integer(row, "told"), held: integer(row, "told_held") },
    newestRow: { version: integer(row, "newest"), balance: integer(row, "last_balance") },
    after: {
      balance: integer(row, "target"),
      held: integer(row, "target_held"),
      status: text(row, "target_status") as AccountStatus,
      allowance: integer(row, "target_allowance"),
    },
    newGrant: integer(row, "fresh_amount"),
    grantsChanged: integer(row, "grant_changes"),
    grants: jsonRows(row, "grant_words").map(decodeGrant),
    holdsChanged: integer(row, "hold_changes"),
    holds: jsonRows(row, "hold_words").map(decodeHold),
  };
}

function decodeGrant(row: Row): GrantRepair {
  return {
    id: text(row, "id"),
    kind: text(row, "kind") as GrantKind,
    remaining: fromTo(row["remaining"] as Row),
    reserved: fromTo(row["reserved"] as Row),
  };
}

function fromTo(row: Row) {
  return { from: integer(row, "from"), to: integer(row, "to") };
}

function decodeHold(row: Row): HoldRepair {
  return {
    id: text(row, "id"),
    action: text(row, "action") as HoldRepair["action"],
    amount: integer(row, "amount"),
  };
}
