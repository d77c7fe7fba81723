-- NAME
--   PurgeObservations - forget counted events that no window can reach any more
-- SYNOPSIS
--   CALL PurgeObservations(in_recorded_before, in_before_ms, in_limit)
-- PARAMETERS
--   in_recorded_before  UTC; only what was counted before goes: a monitor that catches up needs old events as well
--   in_before_ms        event time in milliseconds since 1970; only older ones go
--   in_limit            at most so many rows
-- RETURNS
--   one row: purged; call again when it is in_limit
-- ERRORS
--   none of its own
-- LOCKS
--   the rows it deletes
-- EXAMPLE
--   CALL PurgeObservations('2026-01-31 00:00:00.000', 1769853600000, 1000);
CREATE PROCEDURE PurgeObservations(IN in_recorded_before DATETIME(3), IN in_before_ms BIGINT, IN in_limit INT)
  MODIFIES SQL DATA
BEGIN
  DELETE FROM observations WHERE recorded_at < in_recorded_before AND at_ms < in_before_ms ORDER BY recorded_at LIMIT in_limit;
  SELECT ROW_COUNT() AS purged;
END
