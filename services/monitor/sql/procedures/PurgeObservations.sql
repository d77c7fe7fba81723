-- NAME
--   PurgeObservations - forget counted events that no window can reach any more
-- SYNOPSIS
--   CALL PurgeObservations(in_before_ms, in_limit)
-- PARAMETERS
--   in_before_ms  event time in milliseconds since 1970; older ones go
--   in_limit      at most so many rows
-- RETURNS
--   one row: purged; call again when it is in_limit
-- ERRORS
--   none of its own
-- LOCKS
--   the rows it deletes
-- EXAMPLE
--   CALL PurgeObservations(1769853600000, 1000);
CREATE PROCEDURE PurgeObservations(IN in_before_ms BIGINT, IN in_limit INT)
  MODIFIES SQL DATA
BEGIN
  DELETE FROM observations WHERE at_ms < in_before_ms ORDER BY at_ms LIMIT in_limit;
  SELECT ROW_COUNT() AS purged;
END
