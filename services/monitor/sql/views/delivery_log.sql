-- What was sent to which channel, or waits to be.
CREATE VIEW delivery_log AS
SELECT d.id, d.delivery_id, d.channel, d.dedupe_key, d.status, d.attempts, d.next_at, d.last_error, d.created_at, d.finished_at,
       (SELECT COUNT(*) FROM delivery_items AS i WHERE i.delivery_id = d.delivery_id) AS changes,
       (SELECT MIN(c.alert_id) FROM delivery_items AS i JOIN alert_changes AS c ON c.id = i.change_id
        WHERE i.delivery_id = d.delivery_id) AS first_alert_id
FROM deliveries AS d
