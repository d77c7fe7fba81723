-- NAME
--   ConsumeCredits: spends credits.
-- SYNOPSIS
--   CALL ConsumeCredits(in_now, in_operations);
-- PARAMETERS
--   in_now         the moment, UTC
--   in_operations  array of at most 1,000 {userId, amount 1–1,000,000, requestKey, requestHash, actor, reason, feature?, metadata?, traceparent?};
--                  several of one account are judged in order, and one that does not fit does not count against smaller ones behind it
-- RETURNS
--   A row an operation (LedgerAnswer). Outcomes: ok; replayed (done before under this key, the row is that one); idempotency_key_reused; insufficient_credits
--   (required, available); account_frozen; reset_due (profiles.due_at has passed: plan the allowance, then again); invalid.
-- ERRORS
--   1213, 1205 as every locking statement: roll back and try again.
-- LOCKS
--   The accounts, in primary-key order. Expired grants and holds of the accounts lapse first, each with its own ledger row.
-- EXAMPLE
--   CALL ConsumeCredits(UTC_TIMESTAMP(3), '[{"userId": "alice", "amount": 3, "requestKey": "k1", "requestHash": "h1", "actor": "alice", "reason": "rewrite"}]');
CREATE PROCEDURE ConsumeCredits(IN in_now DATETIME(3), IN in_operations JSON)
BEGIN
  CALL LedgerSpend(in_now, in_operations, 'consume');
  CALL LedgerAnswer();
END
