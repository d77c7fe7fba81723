-- Alerts as the service lists them.
CREATE VIEW alert_entries AS
SELECT seq, id, fingerprint, rule, family, severity, status, user_id, first_seen_at, last_seen_at, event_count, evidence,
       recovers_at, raised_at, acknowledged_at, acknowledged_by, resolved_at, resolved_by, resolution, note
FROM alerts
