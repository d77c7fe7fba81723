-- NAME
--   TellAlerts - write down that alerts were raised or are over, for Kafka and for the notices
-- SYNOPSIS
--   CALL TellAlerts(in_seqs, in_change, in_now)
-- PARAMETERS
--   in_seqs    JSON array of alerts.seq
--   in_change  'raised' or 'recovered'
--   in_now     UTC
-- RETURNS
--   nothing
-- ERRORS
--   none of its own
-- LOCKS
--   none but the rows it inserts
-- EVENTS
--   AlertRaised or AlertRecovered for each
-- EXAMPLE
--   CALL TellAlerts('[41, 42]', 'raised', '2026-01-31 00:00:00.000');
CREATE PROCEDURE TellAlerts(IN in_seqs JSON, IN in_change VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin, IN in_now DATETIME(3))
  MODIFIES SQL DATA
BEGIN
  INSERT INTO outbox (event_id, topic, type, subject, occurred_at, payload)
  SELECT UUID(), 'alerts.v1',
         CASE in_change WHEN 'raised' THEN 'stipend.alerts.v1.AlertRaised' ELSE 'stipend.alerts.v1.AlertRecovered' END,
         e.subject, in_now, JSON_OBJECT('alert', JSON_EXTRACT(e.alert, '$'))
  FROM JSON_TABLE(in_seqs, '$[*]' COLUMNS (seq BIGINT PATH '$')) AS item
  JOIN alert_events AS e ON e.seq = item.seq
  ORDER BY e.seq;

  INSERT INTO alert_changes (alert_id, change_kind, severity, family, alert, at)
  SELECT a.id, in_change, a.severity, a.family, e.alert, in_now
  FROM JSON_TABLE(in_seqs, '$[*]' COLUMNS (seq BIGINT PATH '$')) AS item
  JOIN alerts AS a ON a.seq = item.seq
  JOIN alert_events AS e ON e.seq = item.seq
  ORDER BY a.seq;
END
