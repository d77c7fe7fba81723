-- NAME
--   ChangeAlerts - acknowledge or resolve alerts by hand
-- SYNOPSIS
--   CALL ChangeAlerts(in_changes, in_now)
-- PARAMETERS
--   in_changes  JSON array of {alertId, status 'acknowledged'|'resolved', actionId, actor, roles (JSON array as text),
--               reason, ip, userAgent, requestId, traceId}; each alert at most once in a call
--   in_now      UTC
-- RETURNS
--   a row for each change: alert_id, outcome 'changed' | 'unchanged' (it was so already) | 'not_found' |
--   'alert_resolved' (it is over)
-- ERRORS
--   none of its own
-- LOCKS
--   the alerts
-- EVENTS
--   AdminActionRecorded for each change, AlertRecovered for each alert that is resolved: in the same transaction
-- EXAMPLE
--   CALL ChangeAlerts('[{"alertId": "0190a5c2-…", "status": "acknowledged", "actor": "root", "roles": "[\"admin\"]",
--     "reason": "looking into it", …}]', '2026-01-31 00:00:00.000');
CREATE PROCEDURE ChangeAlerts(IN in_changes JSON, IN in_now DATETIME(3))
  MODIFIES SQL DATA
BEGIN
  DECLARE v_judged JSON;
  DECLARE v_ended JSON;
  DECLARE v_locked INT;

  SELECT COUNT(*) INTO v_locked
  FROM alerts
  WHERE id IN (SELECT item.alert_id FROM JSON_TABLE(in_changes, '$[*]' COLUMNS (
                 alert_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.alertId')) AS item)
  FOR UPDATE;

  SELECT COALESCE(JSON_ARRAYAGG(JSON_OBJECT('alertId', judged.alert_id, 'outcome', judged.outcome,
                                            'was', judged.was, 'ordinal', judged.ordinal)), JSON_ARRAY())
  INTO v_judged
  FROM (
    SELECT item.ordinal, item.alert_id, a.status AS was,
           CASE WHEN a.seq IS NULL THEN 'not_found'
                WHEN a.status = item.status AND a.status = 'acknowledged' THEN 'unchanged'
                WHEN a.status = 'resolved' THEN 'alert_resolved'
                ELSE 'changed' END AS outcome
    FROM JSON_TABLE(in_changes, '$[*]' COLUMNS (
           ordinal  FOR ORDINALITY,
           alert_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.alertId',
           status   VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.status')) AS item
    LEFT JOIN alerts AS a ON a.id = item.alert_id
  ) AS judged;

  UPDATE alerts AS a
  JOIN JSON_TABLE(in_changes, '$[*]' COLUMNS (
         alert_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.alertId',
         status   VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.status',
         actor    VARCHAR(255) CHARACTER SET utf8mb4 PATH '$.actor',
         reason   VARCHAR(1000) CHARACTER SET utf8mb4 PATH '$.reason')) AS item ON a.id = item.alert_id
  JOIN JSON_TABLE(v_judged, '$[*]' COLUMNS (
         alert_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.alertId',
         outcome  VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.outcome')) AS judged
    ON judged.alert_id = item.alert_id AND judged.outcome = 'changed'
  SET a.acknowledged_at = CASE WHEN item.status = 'acknowledged' THEN in_now ELSE a.acknowledged_at END,
      a.acknowledged_by = CASE WHEN item.status = 'acknowledged' THEN item.actor ELSE a.acknowledged_by END,
      a.resolved_at = CASE WHEN item.status = 'resolved' THEN in_now ELSE a.resolved_at END,
      a.resolved_by = CASE WHEN item.status = 'resolved' THEN item.actor ELSE a.resolved_by END,
      a.resolution = CASE WHEN item.status = 'resolved' THEN 'manual' ELSE a.resolution END,
      a.note = item.reason,
      a.status = item.status;

  INSERT INTO outbox (event_id, topic, type, subject, occurred_at, payload)
  SELECT UUID(), 'admin.v1', 'stipend.admin.v1.AdminActionRecorded', item.alert_id, in_now,
         JSON_OBJECT('id', item.action_id, 'service', 'monitor', 'actor', item.actor,
                     'roles', JSON_EXTRACT(item.roles, '$'),
                     'action', CASE item.status WHEN 'acknowledged' THEN 'alert.acknowledge' ELSE 'alert.resolve' END,
                     'target', item.alert_id, 'outcome', 'succeeded', 'reason', item.reason,
                     'before', CAST(JSON_OBJECT('status', judged.was) AS CHAR),
                     'after', CAST(JSON_OBJECT('status', item.status, 'rule', a.rule, 'userId', a.user_id) AS CHAR),
                     'ip', item.ip, 'userAgent', item.user_agent, 'requestId', item.request_id,
                     'traceId', item.trace_id, 'occurredAt', DATE_FORMAT(in_now, '%Y-%m-%dT%H:%i:%s.%fZ'))
  FROM JSON_TABLE(in_changes, '$[*]' COLUMNS (
         alert_id   CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.alertId',
         status     VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.status',
         action_id  CHAR(36) CHARACTER SET ascii PATH '$.actionId',
         actor      VARCHAR(255) CHARACTER SET utf8mb4 PATH '$.actor',
         roles      VARCHAR(1000) CHARACTER SET utf8mb4 PATH '$.roles',
         reason     VARCHAR(1000) CHARACTER SET utf8mb4 PATH '$.reason',
         ip         VARCHAR(64) CHARACTER SET utf8mb4 PATH '$.ip',
         user_agent VARCHAR(512) CHARACTER SET utf8mb4 PATH '$.userAgent',
         request_id VARCHAR(128) CHARACTER SET utf8mb4 PATH '$.requestId',
         trace_id   VARCHAR(64) CHARACTER SET utf8mb4 PATH '$.traceId')) AS item
  JOIN JSON_TABLE(v_judged, '$[*]' COLUMNS (
         alert_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.alertId',
         outcome  VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.outcome',
         was      VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.was')) AS judged
    ON judged.alert_id = item.alert_id AND judged.outcome = 'changed'
  JOIN alerts AS a ON a.id = item.alert_id;

  SELECT COALESCE(JSON_ARRAYAGG(a.seq), JSON_ARRAY()) INTO v_ended
  FROM JSON_TABLE(v_judged, '$[*]' COLUMNS (
         alert_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.alertId',
         outcome  VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.outcome')) AS judged
  JOIN alerts AS a ON a.id = judged.alert_id AND a.status = 'resolved'
  WHERE judged.outcome = 'changed';
  IF JSON_LENGTH(v_ended) > 0 THEN
    CALL TellAlerts(v_ended, 'recovered', in_now);
  END IF;

  SELECT judged.alert_id, judged.outcome
  FROM JSON_TABLE(v_judged, '$[*]' COLUMNS (
         ordinal  INT PATH '$.ordinal',
         alert_id CHAR(36) CHARACTER SET ascii PATH '$.alertId',
         outcome  VARCHAR(16) CHARACTER SET ascii PATH '$.outcome')) AS judged
  ORDER BY judged.ordinal;
END
