-- The events as the relay publishes them. A service may bring a view of this name in place of this one, with the same columns,
-- when its events are told from rows of its own, or a row tells several: place is then the event's own in its row, from 1. An event is the same, id
-- and place included, whenever it is read.
CREATE VIEW outbox_event AS
SELECT id, 1 AS place, event_id, topic, type, subject, occurred_at, traceparent, published_at, payload
  FROM outbox
