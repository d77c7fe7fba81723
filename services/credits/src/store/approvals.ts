import type { Database } from "@stipend/platform/mysql/database";
import type { Tx } from "@stipend/platform/mysql/tx";
import type {
  Approval,
  ApprovalFilter,
  Decision,
  DecisionResult,
  ProposableKind,
  Proposal,
  ProposalResult,
  ProposedRequest,
} from "../domain/approvals.ts";
import type { UserId } from "../domain/ledger/terms.ts";
import { integer, json, moment, optionalMoment, optionalText, type Row, sqlTime, text } from "./codec.ts";
import { inOrder } from "./results.ts";

type Reader = Pick<Database | Tx, "query">;

/** Keeps operations that need a second admin, once for each key. At most 1,000. */
export async function proposeOperations(tx: Tx, now: Date, proposals: readonly Proposal[]): Promise<ProposalResult[]> {
  const items = proposals.map(({ kind, request, expiresAt, ...proposal }) => ({
    ...proposal,
    action: kind,
    metadata: request,
    expiresAt: sqlTime(expiresAt),
  }));
  return inOrder(proposals, await tx.call<Row>("ProposeOperations", now, items), (row) => answer(row, now));
}

/** Approves or rejects; the operation of an approved one is the caller's to run, in the same transaction. At most 1,000. */
export async function decideApprovals(tx: Tx, now: Date, decisions: readonly Decision[]): Promise<DecisionResult[]> {
  return inOrder(decisions, await tx.call<Row>("DecideApprovals", now, decisions), (row) => answer(row, now));
}

export async function approvalByKey(
  reader: Reader,
  now: Date,
  userId: UserId,
  kind: ProposableKind,
  requestKey: string,
): Promise<Approval | null> {
  const [row] = await reader.query<Row>(
    "SELECT * FROM credit_approval_list WHERE user_id = ? AND operation = ? AND request_key = ?",
    [userId, kind, requestKey],
  );
  return row === undefined ? null : decodeApproval(row, now);
}

/** Newest first. */
export async function listApprovals(reader: Reader, now: Date, filter: ApprovalFilter): Promise<Approval[]> {
  const { status, userId, beforeId, limit } = filter;
  const conditions = ["1 = 1"];
  const params: (string | number)[] = [];
  const add = (sql: string, ...values: (string | number)[]): void => {
    conditions.push(sql);
    params.push(...values);
  };
  if (status === "approved" || status === "rejected") add("status = ?", status);
  if (status === "pending") add("status = 'pending' AND expires_at > ?", sqlTime(now));
  if (status === "expired") add("status = 'pending' AND expires_at <= ?", sqlTime(now));
  if (userId !== undefined) add("user_id = ?", userId);
  if (beforeId !== undefined) add("id < ?", beforeId);
  const rows = await reader.query<Row>(
    `SELECT * FROM credit_approval_list WHERE ${conditions.join(" AND ")} ORDER BY id DESC LIMIT ?`,
    [...params, limit],
  );
  return rows.map((row) => decodeApproval(row, now));
}

function answer(row: Row, now: Date) {
  return {
    outcome: text(row, "outcome"),
    approval: row["id"] === null || row["id"] === undefined ? null : decodeApproval(row, now),
  };
}

function decodeApproval(row: Row, now: Date): Approval {
  const stored = text(row, "status") as Exclude<Approval["status"], "expired">;
  const expiresAt = moment(row, "expires_at");
  return {
    id: text(row, "id"),
    userId: text(row, "user_id"),
    kind: text(row, "operation") as ProposableKind,
    amount: integer(row, "amount"),
    // Written by proposeOperations alone, from the same type.
    request: json(row, "request") as ProposedRequest,
    requestKey: text(row, "request_key"),
    requestHash: text(row, "request_hash"),
    reason: text(row, "reason"),
    proposedBy: text(row, "proposed_by"),
    proposedAt: moment(row, "proposed_at"),
    expiresAt,
    status: stored === "pending" && expiresAt <= now ? "expired" : stored,
    decidedBy: optionalText(row, "decided_by"),
    decidedAt: optionalMoment(row, "decided_at"),
    decisionReason: optionalText(row, "decision_reason"),
    transactionId: optionalText(row, "transaction_id"),
  };
}
