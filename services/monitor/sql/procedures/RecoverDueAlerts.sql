-- NAME
--   RecoverDueAlerts - end the alerts that have been quiet long enough
-- SYNOPSIS
--   CALL RecoverDueAlerts(in_now, in_limit)
-- PARAMETERS
--   in_now    UTC
--   in_limit  at most so many alerts
-- RETURNS
--   one row: recovered, how many ended; call again when it is in_limit
-- ERRORS
--   none of its own
-- LOCKS
--   the alerts it ends
-- EVENTS
--   AlertRecovered for each
-- EXAMPLE
--   CALL RecoverDueAlerts('2026-01-31 00:00:00.000', 500);
CREATE PROCEDURE RecoverDueAlerts(IN in_now DATETIME(3), IN in_limit INT)
  MODIFIES SQL DATA
BEGIN
  DECLARE v_due JSON;

  SELECT COALESCE(JSON_ARRAYAGG(JSON_OBJECT('fingerprint', due.fingerprint,
                                            'at', DATE_FORMAT(due.recovers_at, '%Y-%m-%d %H:%i:%s.%f'))), JSON_ARRAY())
  INTO v_due
  FROM (
    SELECT fingerprint, recovers_at FROM alerts
    WHERE status IN ('open', 'acknowledged') AND recovers_at <= in_now
    ORDER BY seq LIMIT in_limit FOR UPDATE
  ) AS due;
  IF JSON_LENGTH(v_due) > 0 THEN
    CALL RecoverAlerts(v_due, in_now);
  END IF;
  SELECT JSON_LENGTH(v_due) AS recovered;
END
