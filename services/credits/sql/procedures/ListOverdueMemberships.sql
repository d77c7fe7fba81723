-- NAME
--   ListOverdueMemberships: whose news of memberships has waited too long for the news before it.
-- SYNOPSIS
--   CALL ListOverdueMemberships(in_before, in_limit, in_after_since, in_after_user_id);
-- PARAMETERS
--   in_before                         came at this moment or earlier, UTC
--   in_limit                          1 to 1,000
--   in_after_since, in_after_user_id  only users behind this one, in the order of (since, user_id); NULL: from the first
-- RETURNS
--   user_id, since (when the first of it came) of at most in_limit users; longest first.
-- ERRORS
--   None of its own.
-- LOCKS
--   None.
-- EXAMPLE
--   CALL ListOverdueMemberships('2026-02-01 00:00:00.000', 100, NULL, NULL);
CREATE PROCEDURE ListOverdueMemberships(IN in_before DATETIME(3), IN in_limit INT, IN in_after_since DATETIME(3),
                                        IN in_after_user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin)
BEGIN
  DECLARE v_since DATETIME(3) DEFAULT COALESCE(in_after_since, CAST('1000-01-01' AS DATETIME(3)));
  SELECT user_id, MIN(received_at) AS since
    FROM membership_waiting
   WHERE received_at <= in_before
   GROUP BY user_id
  HAVING since > v_since OR (since = v_since AND user_id > in_after_user_id)
   ORDER BY since, user_id LIMIT in_limit;
END
