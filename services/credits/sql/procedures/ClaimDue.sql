-- NAME
--   ClaimDue: locks accounts whose allowance has to be looked at, for the sweep.
-- SYNOPSIS
--   CALL ClaimDue(in_now, in_limit, in_after_due, in_after_user_id, in_claim);
-- PARAMETERS
--   in_now                          the moment, UTC
--   in_limit                        at most so many accounts, 1–1,000
--   in_after_due, in_after_user_id  only accounts behind this one, in the order of (due_at, user_id); NULL: from the first
--   in_claim                        see ClaimAccounts
-- RETURNS
--   See LedgerDueState; empty when nothing is left that is not in someone's hands.
-- ERRORS
--   1213, 1205 as every locking statement: roll back and try again. 3819 (MySQL), 4025 (MariaDB): a CHECK refuses an impossible figure; a defect.
-- LOCKS
--   The accounts; those locked by others are skipped, so several sweeps share the work and none waits.
-- EXAMPLE
--   CALL ClaimDue(UTC_TIMESTAMP(3), 500, NULL, NULL, NULL);
CREATE PROCEDURE ClaimDue(IN in_now DATETIME(3), IN in_limit INT, IN in_after_due DATETIME(3),
                                  IN in_after_user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin, IN in_claim BIGINT)
BEGIN
  DECLARE v_due DATETIME(3) DEFAULT COALESCE(in_after_due, CAST('1000-01-01' AS DATETIME(3)));
  CALL LedgerBegin();
  INSERT INTO w_account (user_id, version, balance, held, status, allowance_remaining, tier, monthly_credits, next_reset_at,
                         due_at, lapse_at, low_threshold, is_low, served_start, served_end, served_given, last_at)
  SELECT user_id, version, balance, held, status, allowance_remaining, tier, monthly_credits, next_reset_at,
         due_at, lapse_at, low_threshold, is_low, served_start, served_end, served_given, last_at
    FROM profiles FORCE INDEX (profiles_due)
   -- Not from the first each time: what the pages before have left in the index is passed over one by one until it is purged.
   WHERE due_at <= in_now AND (due_at > v_due OR (due_at = v_due AND user_id > in_after_user_id))
   ORDER BY due_at, user_id LIMIT in_limit
     FOR UPDATE SKIP LOCKED;
  SET @ledger_claim = in_claim;
  CALL LedgerDueState();
END
