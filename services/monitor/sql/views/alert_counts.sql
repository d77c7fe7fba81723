-- Alerts that are not over, by family, severity and status.
CREATE VIEW alert_counts AS
SELECT family, severity, status, COUNT(*) AS alerts
FROM alerts WHERE status IN ('open', 'acknowledged') GROUP BY family, severity, status
