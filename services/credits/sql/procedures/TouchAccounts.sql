-- NAME
--   TouchAccounts: lapses expired grants and frees expired holds of these accounts; creates those that do not exist.
-- SYNOPSIS
--   CALL TouchAccounts(in_now, in_user_ids);
-- PARAMETERS
--   in_now       the moment, UTC
--   in_user_ids  array of at most 1,000 user ids
-- RETURNS
--   One row: written, the number of ledger rows.
-- ERRORS
--   1213, 1205 as every locking statement: roll back and try again. 3819 (MySQL), 4025 (MariaDB): a CHECK refuses an impossible figure; a defect.
-- LOCKS
--   The accounts, in primary-key order.
-- EXAMPLE
--   CALL TouchAccounts(UTC_TIMESTAMP(3), '["alice"]');
CREATE PROCEDURE TouchAccounts(IN in_now DATETIME(3), IN in_user_ids JSON)
BEGIN
  DECLARE v_before BIGINT DEFAULT 0;
  CALL LockAccounts(in_now, in_user_ids);
  SELECT COALESCE(SUM(version), 0) INTO v_before FROM w_account;
  CALL LedgerLapse(in_now);
  SELECT COALESCE(SUM(version), 0) - v_before AS written FROM w_account;
END
