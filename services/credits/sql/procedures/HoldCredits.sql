-- NAME
--   HoldCredits: reserves credits of named grants; held rises, the balance stays.
-- SYNOPSIS
--   CALL HoldCredits(in_now, in_operations);
-- PARAMETERS
--   in_now         the moment, UTC
--   in_operations  array of at most 1,000 {userId, amount 1–1,000,000, ttlSeconds 1–86,400, requestKey, requestHash, actor, reason, feature?, metadata?, traceparent?}
-- RETURNS
--   A row an operation (LedgerAnswerHolds). Outcomes as ConsumeCredits.
-- ERRORS
--   1213, 1205 as every locking statement: roll back and try again. 3819 (MySQL), 4025 (MariaDB): a CHECK refuses an impossible figure; a defect.
-- LOCKS
--   The accounts, in primary-key order.
-- EXAMPLE
--   CALL HoldCredits(UTC_TIMESTAMP(3), '[{"userId": "alice", "amount": 5, "ttlSeconds": 60, "requestKey": "k1", "requestHash": "h1", "actor": "gateway", "reason": "rewrite"}]');
CREATE PROCEDURE HoldCredits(IN in_now DATETIME(3), IN in_operations JSON)
BEGIN
  CALL LedgerSpend(in_now, in_operations, 'hold');
  CALL LedgerAnswerHolds();
END
