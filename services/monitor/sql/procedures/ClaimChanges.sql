-- NAME
--   ClaimChanges - changes of alerts for which it is not decided yet who is told
-- SYNOPSIS
--   CALL ClaimChanges(in_limit)
-- PARAMETERS
--   in_limit  at most so many, oldest first
-- RETURNS
--   a row for each: id, alert_id, change_kind, severity, family, alert, at
-- ERRORS
--   none of its own
-- LOCKS
--   these rows, until PlanDeliveries has marked them in the same transaction: of two instances one waits
-- EXAMPLE
--   CALL ClaimChanges(200);
CREATE PROCEDURE ClaimChanges(IN in_limit INT)
  MODIFIES SQL DATA
BEGIN
  SELECT id, alert_id, change_kind, severity, family, alert, at
  FROM alert_changes
  WHERE routed_at IS NULL
  ORDER BY id
  LIMIT in_limit
  FOR UPDATE;
END
