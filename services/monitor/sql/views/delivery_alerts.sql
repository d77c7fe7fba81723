-- Which deliveries tell of an alert.
CREATE VIEW delivery_alerts AS
SELECT c.alert_id, i.delivery_id FROM delivery_items AS i JOIN alert_changes AS c ON c.id = i.change_id
