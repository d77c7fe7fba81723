-- NAME
--   LockAccounts: creates missing accounts and locks all of them: for a transaction that calls several procedures.
-- SYNOPSIS
--   CALL LockAccounts(in_now, in_user_ids);
-- PARAMETERS
--   in_now       the moment, UTC
--   in_user_ids  array of at most 1,000 user ids
-- RETURNS
--   Nothing.
-- LOCKS
--   The accounts, in primary-key order.
-- EXAMPLE
--   CALL LockAccounts(UTC_TIMESTAMP(3), '["alice", "bob"]');
CREATE PROCEDURE LockAccounts(IN in_now DATETIME(3), IN in_user_ids JSON)
BEGIN
  CALL LedgerBegin();
  INSERT INTO w_user (user_id)
  SELECT DISTINCT user_id
    FROM JSON_TABLE(in_user_ids, '$[*]' COLUMNS (user_id VARCHAR(129) CHARACTER SET ascii COLLATE ascii_bin PATH '$')) o
   WHERE CHAR_LENGTH(user_id) BETWEEN 1 AND 128;
  CALL LedgerLock(in_now);
END
