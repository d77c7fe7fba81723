import type { Database } from "@stipend/platform/mysql/database";
import type { Tx } from "@stipend/platform/mysql/tx";
import type { NewRevocation, Revocation } from "../usecases/ports.ts";
import { sqlTime } from "./rows.ts";

interface RevocationRow {
  readonly seq: number;
  readonly kind: "user" | "token";
  readonly subject: string;
  readonly issued_until: Date;
  readonly stands_until: Date;
  readonly revocation_id: string;
  readonly actor: string;
  readonly reason: string;
  readonly revoked_at: Date;
}

/** undefined when no more can be kept. */
export async function revokeTokens(
  tx: Tx,
  { issuedUntil, standsUntil, asker, ...rest }: NewRevocation,
  bounds: { readonly most: number; readonly realNow: Date; readonly now: Date },
): Promise<Revocation | undefined> {
  const item = {
    ...rest,
    issuedUntil: sqlTime(issuedUntil),
    standsUntil: sqlTime(standsUntil),
    traceparent: asker.traceparent,
    admin: { ...asker.admin, actor: asker.actor },
  };
  const { most, realNow, now } = bounds;
  const [row] = await tx.call<RevocationRow & { readonly outcome: string }>("RevokeTokens", [item], most, realNow, now);
  return row?.outcome === "revoked" ? revocationOf(row) : undefined;
}

/** Oldest first, and the number of the newest of all as it was before they were read. */
export async function revocationsAfter(
  db: Database,
  after: number,
  limit: number,
): Promise<{ head: number; data: Revocation[] }> {
  const [newest] = await db.query<{ seq: number }>("SELECT seq FROM newest_revocation");
  const head = Number(newest?.seq ?? 0);
  if (head <= after) return { head, data: [] };
  const rows = await db.query<RevocationRow>("SELECT * FROM token_revocation_list WHERE seq > ? ORDER BY seq LIMIT ?", [
    after,
    limit,
  ]);
  return { head, data: rows.map(revocationOf) };
}

/** Newest first; what has run out by then is left out. */
export async function revocationsBefore(
  db: Database,
  query: { readonly before: number | undefined; readonly limit: number; readonly realNow: Date },
): Promise<Revocation[]> {
  const { before, limit, realNow } = query;
  const rows = await db.query<RevocationRow>(
    "SELECT * FROM token_revocation_list WHERE seq < ? AND stands_until > ? ORDER BY seq DESC LIMIT ?",
    [before ?? Number.MAX_SAFE_INTEGER, realNow, limit],
  );
  return rows.map(revocationOf);
}

function revocationOf(row: RevocationRow): Revocation {
  return {
    seq: Number(row.seq),
    kind: row.kind,
    subject: row.subject,
    issuedUntil: row.issued_until,
    standsUntil: row.stands_until,
    revocationId: row.revocation_id,
    actor: row.actor,
    reason: row.reason,
    revokedAt: row.revoked_at,
  };
}
