-- NAME
--   SetLowBalanceThreshold: below how many available credits an account counts as low.
-- SYNOPSIS
--   CALL SetLowBalanceThreshold(in_now, in_operations);
-- PARAMETERS
--   in_now         the moment, UTC
--   in_operations  array of at most 1,000, each account once: {userId, threshold (null = a tenth of the monthly allowance, none without one; 0 = off)}
-- RETURNS
--   Nothing. No event: the next ledger row judges by the new threshold.
-- LOCKS
--   The accounts, in primary-key order.
-- EXAMPLE
--   CALL SetLowBalanceThreshold(UTC_TIMESTAMP(3), '[{"userId": "alice", "threshold": 20}]');
CREATE PROCEDURE SetLowBalanceThreshold(IN in_now DATETIME(3), IN in_operations JSON)
BEGIN
  CALL LedgerBegin();
  INSERT INTO w_user (user_id)
  SELECT DISTINCT user_id
    FROM JSON_TABLE(in_operations, '$[*]' COLUMNS (user_id VARCHAR(129) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId')) o
   WHERE CHAR_LENGTH(user_id) BETWEEN 1 AND 128;
  CALL LedgerLock(in_now);
  UPDATE profiles p
    JOIN (SELECT * FROM JSON_TABLE(in_operations, '$[*]' COLUMNS (
           user_id VARCHAR(129) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           threshold BIGINT PATH '$.threshold')) t LIMIT 100000) o ON o.user_id = p.user_id
     SET p.low_threshold = CASE WHEN o.threshold < 0 THEN 0 ELSE o.threshold END;
END
