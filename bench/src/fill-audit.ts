import { silentLog } from "@stipend/platform/log/log";
import { Database } from "@stipend/platform/mysql/database";
import { GENESIS, link } from "@stipend/proto/audit/chain";
import type { AuditRecord, AuditRow } from "@stipend/proto/audit/row";

const PAGE = 1_000;

/** A whole chain of rows such as a busy month leaves, written past the procedures, which would take longer. */
export async function fillAudit(ownerUrl: string, count: number): Promise<void> {
  const owner = new Database({ url: ownerUrl, log: silentLog(), poolSize: 2 });
  try {
    let head = GENESIS;
    for (let done = 0; done < count; done += PAGE) {
      const size = Math.min(PAGE, count - done);
      const at = new Date(Date.UTC(2026, 0, 1) + done * 10);
      const rows = link(
        head,
        Array.from({ length: size }, (_, n) => recordOf(done + n + 1, at)),
        at,
      );
      head = rows.at(-1) ?? head;
      await insert(owner, rows);
    }
    await owner.query("UPDATE audit_chain_head SET seq = ?, hash = ?", [head.seq, head.hash]);
  } finally {
    await owner.stop();
  }
}

async function insert(owner: Database, rows: readonly AuditRow[]): Promise<void> {
  const places = rows.map(() => `(${Array(19).fill("?").join(",")})`).join(",");
  await owner.query(
    `INSERT INTO admin_operation_logs (seq, action_id, service, actor, roles_json, action, target, outcome, reason, before_json,
       after_json, ip, user_agent, request_id, trace_id, occurred_at, recorded_at, prev_hash, hash) VALUES ${places}`,
    rows.flatMap((row) => [
      row.seq,
      row.actionId,
      row.service,
      row.actor,
      JSON.stringify(row.roles),
      row.action,
      row.target,
      row.outcome,
      row.reason,
      row.before,
      row.after,
      row.ip,
      row.userAgent,
      row.requestId,
      row.traceId,
      row.occurredAt,
      row.recordedAt,
      row.prevHash,
      row.hash,
    ]),
  );
}

function recordOf(n: number, at: Date): AuditRecord {
  const user = `user-${n % 50_000}`;
  return {
    actionId: `01a20567-4db6-7537-894c-${String(n).padStart(12, "0")}`,
    service: "credits",
    actor: `admin-${n % 20}@example.com`,
    roles: ["admin"],
    action: "credits.grant",
    target: user,
    outcome: "succeeded",
    reason: "a courtesy for the outage, ticket 4711",
    before: `{"balance":${n},"held":0,"version":${n},"status":"active"}`,
    after: `{"amount":50,"balance":${n + 50},"held":0,"version":${n + 1},"status":"active","outcome":"ok","transactionId":"${n}"}`,
    ip: "203.0.113.7",
    userAgent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36",
    requestId: `01a20567-569f-77d3-856c-${String(n).padStart(12, "0")}`,
    traceId: "0af7651916cd43dd8448eb211c80319c",
    occurredAt: at,
  };
}
