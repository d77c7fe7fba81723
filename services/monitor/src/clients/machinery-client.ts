import { AuditVerification, auditVerify } from "@stipend/proto/http/audit";
import { creditsOutbox, OutboxStateResponse } from "@stipend/proto/http/checks";
import type { AuditProof, OutboxState } from "../usecases/ports.ts";
import type { InternalClient } from "./internal-client.ts";

/** The whole log is read; a long one takes its time. */
const VERIFY_TIMEOUT_MS = 300_000;

/** The outbox of another service, asked by its internal read-only route. */
export async function outboxOf(client: InternalClient): Promise<OutboxState> {
  // The same path in every service.
  const { method, path } = creditsOutbox;
  const { oldestAt, ...rest } = await client.call({ method, path, schema: OutboxStateResponse });
  return { service: client.service, ...rest, oldestAt: oldestAt === null ? null : new Date(oldestAt) };
}

/** The proof of the audit log, asked as an auditor. */
export async function proveAuditLog(audit: InternalClient, signal: AbortSignal): Promise<AuditProof> {
  const { method, path } = auditVerify;
  const headers = { "stipend-actor": "monitor", "stipend-actor-roles": "auditor" };
  const { valid, checked, firstBad } = await audit.call({
    method,
    path,
    schema: AuditVerification,
    headers,
    timeoutMs: VERIFY_TIMEOUT_MS,
    signal,
  });
  return { valid, checked, firstBad };
}
