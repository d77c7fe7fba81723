-- NAME
--   CaptureHolds: spends holds, all or part; what is not captured is freed in the same row. A frozen account may still capture.
-- SYNOPSIS
--   CALL CaptureHolds(in_now, in_operations);
-- PARAMETERS
--   in_now         the moment, UTC
--   in_operations  array of at most 1,000 {holdId, amount? (all), userId? (the owner it must have), requestKey, requestHash, actor, reason, feature?, metadata?, traceparent?}
-- RETURNS
--   A row an operation (LedgerAnswerHolds): the consume row with hold_id. Outcomes: ok, replayed, idempotency_key_reused, hold_not_found, hold_captured, hold_released,
--   hold_expired, capture_exceeds_hold, invalid.
-- ERRORS
--   1213, 1205 as every locking statement: roll back and try again. 3819 (MySQL), 4025 (MariaDB): a CHECK refuses an impossible figure; a defect.
-- LOCKS
--   The accounts of the holds, in primary-key order.
-- EXAMPLE
--   CALL CaptureHolds(UTC_TIMESTAMP(3), '[{"holdId": "7", "amount": 2, "requestKey": "c7", "requestHash": "h1", "actor": "gateway", "reason": "rewrite"}]');
CREATE PROCEDURE CaptureHolds(IN in_now DATETIME(3), IN in_operations JSON)
BEGIN
  CALL LedgerHoldEnd(in_now, in_operations, 'capture');
  CALL LedgerAnswerHolds();
END
