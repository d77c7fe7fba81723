-- NAME
--   ClaimDueAccounts: locks accounts whose allowance has to be looked at, for the sweep.
-- SYNOPSIS
--   CALL ClaimDueAccounts(in_now, in_limit);
-- PARAMETERS
--   in_now    the moment, UTC
--   in_limit  at most so many accounts, 1–1,000
-- RETURNS
--   See LedgerDueState; empty when nothing is left that is not in someone's hands.
-- ERRORS
--   1213, 1205 as every locking statement: roll back and try again. 3819 (MySQL), 4025 (MariaDB): a CHECK refuses an impossible figure; a defect.
-- LOCKS
--   The accounts; those locked by others are skipped, so several sweeps share the work and none waits.
-- EXAMPLE
--   CALL ClaimDueAccounts(UTC_TIMESTAMP(3), 500);
CREATE PROCEDURE ClaimDueAccounts(IN in_now DATETIME(3), IN in_limit INT)
BEGIN
  CALL LedgerBegin();
  INSERT INTO w_account (user_id, version, balance, held, status, allowance_remaining, tier, monthly_credits, next_reset_at,
                         due_at, lapse_at, low_threshold, is_low, served_start, served_end, served_given, last_at)
  SELECT user_id, version, balance, held, status, allowance_remaining, tier, monthly_credits, next_reset_at,
         due_at, lapse_at, low_threshold, is_low, served_start, served_end, served_given, last_at
    FROM profiles FORCE INDEX (profiles_due) WHERE due_at <= in_now ORDER BY due_at LIMIT in_limit
     FOR UPDATE SKIP LOCKED;
  CALL LedgerDueState();
END
