-- NAME
--   OutboxPurge: removes events that were published long ago. Rows with a parked event stay.
-- SYNOPSIS
--   CALL OutboxPurge(in_before, in_limit)
-- PARAMETERS
--   in_before  published before this
--   in_limit   at most so many rows, 1..5000
-- RETURNS
--   purged: how many; as many as in_limit means there may be more
-- ERRORS
--   none
-- LOCKS
--   the rows removed
-- EXAMPLE
--   CALL OutboxPurge('2026-01-30 00:00:00.000', 1000)
CREATE PROCEDURE OutboxPurge(IN in_before DATETIME(3), IN in_limit INT)
  MODIFIES SQL DATA
BEGIN
  DECLARE v_limit INT DEFAULT LEAST(GREATEST(in_limit, 1), 5000);
  DELETE FROM outbox
   WHERE published_at < in_before
     AND NOT EXISTS (SELECT 1 FROM outbox_parked p WHERE p.outbox_id = outbox.id)
   ORDER BY published_at, id
   LIMIT v_limit;
  SELECT ROW_COUNT() AS purged;
END
