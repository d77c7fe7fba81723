-- NAME
--   LockAccounts: creates missing accounts and locks all of them: for a transaction that calls several procedures.
-- SYNOPSIS
--   CALL LockAccounts(in_now, in_user_ids);
-- PARAMETERS
--   in_now       the moment, UTC
--   in_user_ids  array of at most 1,000 user ids
-- RETURNS
--   Nothing.
-- ERRORS
--   1213, 1205 as every locking statement: roll back and try again. 3819 (MySQL), 4025 (MariaDB): a CHECK refuses an impossible figure; a defect.
-- LOCKS
--   The accounts, in primary-key order.
-- EXAMPLE
--   CALL LockAccounts(UTC_TIMESTAMP(3), '["alice", "bob"]');
CREATE PROCEDURE LockAccounts(IN in_now DATETIME(3), IN in_user_ids JSON)
BEGIN
  CALL LedgerBegin();
  CALL LedgerUsers(in_user_ids);
  CALL LedgerLock(in_now);
END
