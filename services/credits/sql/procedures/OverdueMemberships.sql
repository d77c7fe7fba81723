-- NAME
--   OverdueMemberships: whose news of memberships has waited too long for the news before it.
-- SYNOPSIS
--   CALL OverdueMemberships(in_before, in_limit);
-- PARAMETERS
--   in_before  came at this moment or earlier, UTC
--   in_limit   1 to 1,000
-- RETURNS
--   user_id of at most in_limit users, longest first.
-- ERRORS
--   None of its own.
-- LOCKS
--   None.
-- EXAMPLE
--   CALL OverdueMemberships('2026-02-01 00:00:00.000', 100);
CREATE PROCEDURE OverdueMemberships(IN in_before DATETIME(3), IN in_limit INT)
BEGIN
  SELECT user_id FROM membership_waiting WHERE received_at <= in_before GROUP BY user_id ORDER BY MIN(received_at) LIMIT in_limit;
END
