/** Why something was not done: a stable code, words for people, and what the caller needs to do better. */
export interface Refusal {
  readonly ok: false;
  readonly code: RefusalCode;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

export type RefusalCode =
  | "user_not_found"
  | "unknown_tier"
  | "tier_not_found"
  | "tier_retired"
  | "end_date_in_past"
  | "start_date_in_future"
  | "membership_exists"
  | "version_conflict"
  | "transition_not_allowed"
  | "idempotency_key_reused"
  | "revocation_out_of_time"
  | "revocations_full";

export function refusal(code: RefusalCode, message: string, details: Record<string, unknown> = {}): Refusal {
  return { ok: false, code, message, details };
}
