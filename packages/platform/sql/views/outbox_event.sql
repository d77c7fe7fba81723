-- The events as the relay publishes them. A service may bring a view of this name in place of this one, with the same columns,
-- when its events are told from rows of its own.
CREATE VIEW outbox_event AS
SELECT id, event_id, topic, type, subject, occurred_at, traceparent, attempts, last_error, published_at, payload
  FROM outbox
