-- NAME
--   ClaimDeliveries - take the deliveries that are due, to send them
-- SYNOPSIS
--   CALL ClaimDeliveries(in_now, in_lost_at, in_limit)
-- PARAMETERS
--   in_now      UTC
--   in_lost_at  when an attempt that has not been finished counts as lost, and the delivery is due again
--   in_limit    at most so many
-- RETURNS
--   a row for each change in them, in order: delivery_id, channel, attempts (this one counted), dedupe_key, change_id,
--   change_kind, severity, family, alert, at
-- ERRORS
--   none of its own
-- LOCKS
--   these deliveries. Commit before sending: an attempt is counted whether or not its sender lives to tell
-- EXAMPLE
--   CALL ClaimDeliveries('2026-01-31 00:00:00.000', '2026-01-31 00:01:00.000', 20);
CREATE PROCEDURE ClaimDeliveries(IN in_now DATETIME(3), IN in_lost_at DATETIME(3), IN in_limit INT)
  MODIFIES SQL DATA
BEGIN
  DECLARE v_due JSON;

  SELECT COALESCE(JSON_ARRAYAGG(due.id), JSON_ARRAY()) INTO v_due
  FROM (SELECT id FROM deliveries WHERE status = 'waiting' AND next_at <= in_now ORDER BY next_at, id LIMIT in_limit FOR UPDATE) AS due;

  UPDATE deliveries AS d
  JOIN JSON_TABLE(v_due, '$[*]' COLUMNS (id BIGINT PATH '$')) AS item ON item.id = d.id
  SET d.attempts = d.attempts + 1, d.next_at = in_lost_at;

  SELECT d.delivery_id, d.channel, d.attempts, d.dedupe_key, c.id AS change_id, c.change_kind, c.severity, c.family, c.alert, c.at
  FROM JSON_TABLE(v_due, '$[*]' COLUMNS (id BIGINT PATH '$')) AS item
  JOIN deliveries AS d ON d.id = item.id
  JOIN delivery_items AS i ON i.delivery_id = d.delivery_id
  JOIN alert_changes AS c ON c.id = i.change_id
  ORDER BY d.id, c.id;
END
