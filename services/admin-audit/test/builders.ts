import { GENESIS, hashRow, link } from "@stipend/proto/audit/chain";
import type { AuditRecord, AuditRow } from "@stipend/proto/audit/row";

export const AT = new Date("2026-01-31T10:00:00.123Z");

/** A record with awkward text in it: a chain of plain words would prove little. */
export function record(n: number, over: Partial<AuditRecord> = {}): AuditRecord {
  return {
    actionId: `action-${n}`,
    service: "credits",
    actor: "root@example.com",
    roles: ["admin", "support"],
    action: "credits.grant",
    target: `user-${n}`,
    outcome: "succeeded",
    reason: `为了 😀 "thanks", 5:x,\n\u0000 ${n}`,
    before: n % 2 === 0 ? null : '{"b": 1,  "a": 2}',
    after: `{"amount": ${n}}`,
    ip: "2001:db8::1",
    userAgent: "curl/8 (=cmd)",
    requestId: `req-${n}`,
    traceId: "",
    occurredAt: new Date(AT.getTime() + n),
    ...over,
  };
}

export function chainOf(length: number): AuditRow[] {
  return link(
    GENESIS,
    Array.from({ length }, (_, i) => record(i + 1)),
    AT,
  );
}

/** Numbers, links and hashes all rows afresh, as somebody with time and write access would. */
export function recompute(rows: readonly AuditRow[]): AuditRow[] {
  return link(GENESIS, rows, AT);
}

export function rehash(row: AuditRow): AuditRow {
  return { ...row, hash: hashRow(row) };
}

/** The element, or a failed test. */
export function at<T>(items: readonly T[], index: number): T {
  const item = items.at(index);
  if (item === undefined) throw new Error(`nothing at ${index}`);
  return item;
}
