import type { Tx } from "@stipend/platform/mysql/tx";
import type { UserId } from "../domain/ledger/terms.ts";
import { membershipFromState, membershipToState } from "../domain/membership.ts";
import type { MembershipWaiting, OverdueUser } from "../usecases/ports.ts";
import { integer, json, moment, optionalText, type Row, sqlTime, text } from "./codec.ts";

/** Hands out what waits of these users and lets go of it; lock their accounts first. At most 1,000. */
export async function takeMemberships(tx: Tx, userIds: readonly UserId[]): Promise<MembershipWaiting[]> {
  return (await tx.call<Row>("TakeMemberships", userIds)).map((row) => ({
    userId: text(row, "user_id"),
    version: integer(row, "version"),
    membership: membershipFromState(json(row, "state")),
    occurredAt: moment(row, "occurred_at"),
    traceparent: optionalText(row, "traceparent") ?? undefined,
    receivedAt: moment(row, "received_at"),
  }));
}

/** Lets news wait for the news before it; lock the accounts first. At most 1,000. */
export async function keepMemberships(tx: Tx, waiting: readonly MembershipWaiting[]): Promise<void> {
  const items = waiting.map(({ membership, occurredAt, receivedAt, ...news }) => ({
    ...news,
    state: membershipToState(membership),
    occurredAt: sqlTime(occurredAt),
    receivedAt: sqlTime(receivedAt),
  }));
  await tx.call("KeepMemberships", items);
}

/** Users behind `after` of whom something has waited since `before`, longest first. `limit`: 1 to 1,000. */
export async function overdueMemberships(
  tx: Tx,
  before: Date,
  limit: number,
  after: OverdueUser | null,
): Promise<OverdueUser[]> {
  const { since, userId } = after ?? { since: null, userId: null };
  const rows = await tx.call<Row>("ListOverdueMemberships", before, limit, since, userId);
  return rows.map((row) => ({ userId: text(row, "user_id"), since: moment(row, "since") }));
}
