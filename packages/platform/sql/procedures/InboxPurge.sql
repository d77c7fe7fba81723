-- NAME
--   InboxPurge: forgets events received long ago.
-- SYNOPSIS
--   CALL InboxPurge(in_before, in_limit)
-- PARAMETERS
--   in_before  received before this; has to reach further back than Kafka keeps messages
--   in_limit   at most so many rows, 1..5000
-- RETURNS
--   purged: how many; as many as in_limit means there may be more
-- ERRORS
--   none
-- LOCKS
--   the rows removed
-- EXAMPLE
--   CALL InboxPurge('2026-01-01 00:00:00.000', 1000)
CREATE PROCEDURE InboxPurge(IN in_before DATETIME(3), IN in_limit INT)
  MODIFIES SQL DATA
BEGIN
  DECLARE v_limit INT DEFAULT LEAST(GREATEST(in_limit, 1), 5000);
  DELETE FROM inbox WHERE received_at < in_before ORDER BY received_at LIMIT v_limit;
  SELECT ROW_COUNT() AS purged;
END
