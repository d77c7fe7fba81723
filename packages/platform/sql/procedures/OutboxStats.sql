-- NAME
--   OutboxStats: how far the relay is behind.
-- SYNOPSIS
--   CALL OutboxStats()
-- PARAMETERS
--   none
-- RETURNS
--   pending: unpublished rows, counted up to 10,000; oldest_at: when the first of them happened, NULL when none;
--   failed: rows set aside
-- ERRORS
--   none
-- LOCKS
--   none
-- EXAMPLE
--   CALL OutboxStats()
CREATE PROCEDURE OutboxStats()
  READS SQL DATA
BEGIN
  SELECT (SELECT COUNT(*) FROM (SELECT 1 FROM outbox WHERE published_at IS NULL LIMIT 10000) waiting) AS pending,
         (SELECT occurred_at FROM outbox WHERE published_at IS NULL ORDER BY id LIMIT 1) AS oldest_at,
         (SELECT COUNT(*) FROM outbox_failures) AS failed;
END
