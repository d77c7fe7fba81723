-- NAME
--   ReleaseHolds: frees what holds keep; held falls, the balance stays. What a hold kept of an ended grant lapses at once, with its own row.
-- SYNOPSIS
--   CALL ReleaseHolds(in_now, in_operations);
-- PARAMETERS
--   in_now         the moment, UTC
--   in_operations  array of at most 1,000 {holdId, userId? (the owner it must have), requestKey, requestHash, actor, reason, feature?, metadata?, traceparent?}
-- RETURNS
--   A row an operation (LedgerAnswerHolds). Outcomes as CaptureHolds.
-- ERRORS
--   1213, 1205 as every locking statement: roll back and try again. 3819 (MySQL), 4025 (MariaDB): a CHECK refuses an impossible figure; a defect.
-- LOCKS
--   The accounts of the holds, in primary-key order.
-- EXAMPLE
--   CALL ReleaseHolds(UTC_TIMESTAMP(3), '[{"holdId": "7", "requestKey": "r7", "requestHash": "h1", "actor": "gateway", "reason": "upstream failed"}]');
CREATE PROCEDURE ReleaseHolds(IN in_now DATETIME(3), IN in_operations JSON)
BEGIN
  CALL LedgerHoldEnd(in_now, in_operations, 'release');
  CALL LedgerAnswerHolds();
END
