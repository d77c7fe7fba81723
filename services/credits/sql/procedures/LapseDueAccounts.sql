-- NAME
--   LapseDueAccounts: sweeps expired holds and grants of accounts that nobody touched since.
-- SYNOPSIS
--   CALL LapseDueAccounts(in_now, in_limit);
-- PARAMETERS
--   in_now    the moment, UTC
--   in_limit  at most so many accounts, 1–1,000
-- RETURNS
--   One row: accounts, how many were taken (0 = nothing left that is not in someone's hands); written, the number of ledger rows.
-- ERRORS
--   1213, 1205 as every locking statement: roll back and try again. 3819 (MySQL), 4025 (MariaDB): a CHECK refuses an impossible figure; a defect.
-- LOCKS
--   The accounts; those locked by others are skipped, so several sweeps share the work and none waits.
-- EXAMPLE
--   CALL LapseDueAccounts(UTC_TIMESTAMP(3), 500);
CREATE PROCEDURE LapseDueAccounts(IN in_now DATETIME(3), IN in_limit INT)
BEGIN
  DECLARE v_accounts INT DEFAULT 0;
  DECLARE v_before BIGINT DEFAULT 0;
  CALL LedgerBegin();
  INSERT INTO w_user (user_id)
  SELECT user_id FROM profiles WHERE lapse_at <= in_now ORDER BY lapse_at LIMIT in_limit FOR UPDATE SKIP LOCKED;
  SET v_accounts = ROW_COUNT();
  CALL LedgerLock(in_now);
  SELECT COALESCE(SUM(version), 0) INTO v_before FROM w_account;
  CALL LedgerLapse(in_now);
  SELECT v_accounts AS accounts, COALESCE(SUM(version), 0) - v_before AS written FROM w_account;
END
