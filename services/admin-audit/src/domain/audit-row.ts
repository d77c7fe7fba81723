import type { AuditRecord } from "@stipend/proto/audit/row";

/** Longest text of each field in characters (code points), as the columns are. */
const BOUNDS = {
  service: 32,
  actor: 255,
  action: 64,
  target: 255,
  reason: 1000,
  ip: 64,
  userAgent: 512,
  requestId: 128,
  traceId: 64,
} as const;

/** Longest `before` and `after`, in characters: 64 Ki. */
const MAX_STATE_LENGTH = 65_536;
const MAX_ROLES = 16;
const MAX_ROLE_LENGTH = 32;
const MAX_ACTION_ID_LENGTH = 64;

/** What an event says was done, before anybody has looked at it. */
export type Candidate = Omit<AuditRecord, "outcome"> & { readonly outcome: string };

export type Admission =
  | { readonly ok: true; readonly record: AuditRecord }
  | { readonly ok: false; readonly reason: string };

/**
 * Makes a record fit the table. A field that is too long is cut and ends in "…": an audit log that turns a deed away
 * because its User-Agent is long would be easy to hide from. Only what makes a record meaningless is refused: no
 * usable id, no action, no known outcome, no valid time.
 */
export function admit(candidate: Candidate): Admission {
  const { actionId, outcome } = candidate;
  if (!/^[\x21-\x7e]+$/.test(actionId) || actionId.length > MAX_ACTION_ID_LENGTH) {
    return { ok: false, reason: `the action's id is not 1 to ${MAX_ACTION_ID_LENGTH} printable ASCII characters` };
  }
  if (candidate.action === "") return { ok: false, reason: "the action has no name" };
  if (!/^[\x21-\x7e]+$/.test(candidate.service)) return { ok: false, reason: "the service has no usable name" };
  if (outcome !== "succeeded" && outcome !== "refused") return { ok: false, reason: "the outcome is not known" };
  if (!isStorable(candidate.occurredAt)) return { ok: false, reason: "the time of the action is not valid" };
  return {
    ok: true,
    record: {
      actionId,
      service: cut(candidate.service, BOUNDS.service),
      actor: cut(candidate.actor, BOUNDS.actor),
      roles: candidate.roles.slice(0, MAX_ROLES).map((role) => cut(role, MAX_ROLE_LENGTH)),
      action: cut(candidate.action, BOUNDS.action),
      target: cut(candidate.target, BOUNDS.target),
      outcome,
      reason: cut(candidate.reason, BOUNDS.reason),
      before: cutState(candidate.before),
      after: cutState(candidate.after),
      ip: cut(candidate.ip, BOUNDS.ip),
      userAgent: cut(candidate.userAgent, BOUNDS.userAgent),
      requestId: cut(candidate.requestId, BOUNDS.requestId),
      traceId: cut(candidate.traceId, BOUNDS.traceId),
      occurredAt: candidate.occurredAt,
    },
  };
}

function cut(text: string, max: number): string {
  // UTF-16 units first: counting code points of a long text for nothing is what an attacker would ask for.
  if (text.length <= max) return text;
  const points = [...text.slice(0, max * 2)];
  return points.length <= max && text.length <= max * 2 ? text : `${points.slice(0, max - 1).join("")}…`;
}

function cutState(text: string | null): string | null {
  if (text === null || text === "") return null;
  return text.length <= MAX_STATE_LENGTH ? text : JSON.stringify({ truncated: true, head: cut(text, 1_000) });
}

/** What DATETIME(3) can keep. */
function isStorable(date: Date): boolean {
  const ms = date.getTime();
  return ms >= Date.UTC(1970, 0, 1) && ms < Date.UTC(9999, 0, 1);
}
