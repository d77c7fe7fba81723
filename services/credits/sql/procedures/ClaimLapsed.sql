-- NAME
--   ClaimLapsed: locks accounts of which a hold or a grant has run out, for the sweep. TouchAccounts lapses them.
-- SYNOPSIS
--   CALL ClaimLapsed(in_now, in_limit, in_after_lapse, in_after_user_id);
-- PARAMETERS
--   in_now                            the moment, UTC
--   in_limit                          at most so many accounts, 1–1,000
--   in_after_lapse, in_after_user_id  only accounts behind this one, in the order of (lapse_at, user_id); NULL: from the first
-- RETURNS
--   user_id, lapse_at; in that order. Empty when nothing is left that is not in someone's hands.
-- ERRORS
--   1213, 1205 as every locking statement: roll back and try again.
-- LOCKS
--   The accounts; those locked by others are skipped, so several sweeps share the work and none waits.
-- EXAMPLE
--   CALL ClaimLapsed(UTC_TIMESTAMP(3), 500, NULL, NULL);
CREATE PROCEDURE ClaimLapsed(IN in_now DATETIME(3), IN in_limit INT, IN in_after_lapse DATETIME(3),
                             IN in_after_user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin)
BEGIN
  DECLARE v_lapse DATETIME(3) DEFAULT COALESCE(in_after_lapse, CAST('1000-01-01' AS DATETIME(3)));
  -- Not from the first each time, for the same reason as ClaimDue; and an account that can't be lapsed is not met again at once.
  SELECT user_id, lapse_at
    FROM profiles FORCE INDEX (profiles_lapse)
   WHERE lapse_at <= in_now AND (lapse_at > v_lapse OR (lapse_at = v_lapse AND user_id > in_after_user_id))
   ORDER BY lapse_at, user_id LIMIT in_limit
     FOR UPDATE SKIP LOCKED;
END
