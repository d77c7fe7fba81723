-- Each alert as the events carry it (stipend.alerts.v1.Alert in proto3-JSON), with the key it is published under.
CREATE VIEW alert_events AS
SELECT seq, COALESCE(user_id, rule) AS subject,
       JSON_OBJECT(
         'id', id, 'fingerprint', fingerprint, 'rule', rule, 'family', family,
         'severity', CASE severity WHEN 1 THEN 'info' WHEN 2 THEN 'warning' ELSE 'critical' END,
         'status', status, 'userId', COALESCE(user_id, ''),
         'firstSeenAt', DATE_FORMAT(first_seen_at, '%Y-%m-%dT%H:%i:%s.%fZ'),
         'lastSeenAt', DATE_FORMAT(last_seen_at, '%Y-%m-%dT%H:%i:%s.%fZ'),
         'count', event_count, 'evidence', CAST(evidence AS CHAR)) AS alert
FROM alerts
