-- NAME
--   SetLowBalanceThreshold: below how many available credits an account counts as low.
-- SYNOPSIS
--   CALL SetLowBalanceThreshold(in_now, in_operations);
-- PARAMETERS
--   in_now         the moment, UTC
--   in_operations  array of at most 1,000, each account once: {userId, threshold (null = a tenth of the monthly allowance, none without one; 0 = off)}
-- RETURNS
--   Nothing. No event: the next ledger row judges by the new threshold.
-- ERRORS
--   1213, 1205 as every locking statement: roll back and try again. 3819 (MySQL), 4025 (MariaDB): a CHECK refuses an impossible figure; a defect.
-- LOCKS
--   The accounts, in primary-key order.
-- EXAMPLE
--   CALL SetLowBalanceThreshold(UTC_TIMESTAMP(3), '[{"userId": "alice", "threshold": 20}]');
CREATE PROCEDURE SetLowBalanceThreshold(IN in_now DATETIME(3), IN in_operations JSON)
BEGIN
  CALL LedgerBegin();
  INSERT INTO w_op (ord, user_id, amount)
  SELECT ord, user_id, threshold
    FROM JSON_TABLE(in_operations, '$[*]' COLUMNS (
           ord FOR ORDINALITY,
           user_id VARCHAR(129) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           threshold BIGINT PATH '$.threshold')) o;
  INSERT INTO w_user (user_id) SELECT DISTINCT user_id FROM w_op WHERE CHAR_LENGTH(user_id) BETWEEN 1 AND 128;
  CALL LedgerLock(in_now);
  UPDATE w_op o
    STRAIGHT_JOIN profiles p FORCE INDEX (PRIMARY) ON p.user_id = o.user_id
     SET p.low_threshold = CASE WHEN o.amount < 0 THEN 0 ELSE o.amount END;
END
