-- NAME
--   OutboxClaim: the next events to publish.
-- SYNOPSIS
--   CALL OutboxClaim(in_limit)
-- PARAMETERS
--   in_limit  at most so many rows, 1..500
-- RETURNS
--   id, event_id, topic, type, subject, occurred_at, payload, traceparent; lowest id first
-- ERRORS
--   none
-- LOCKS
--   none: only the relay that holds the schema's user lock may call it. Rows are found by being unpublished, never by
--   "id above the last one": ids become visible out of order. A subject with a failed row waits behind that row.
-- EXAMPLE
--   CALL OutboxClaim(500)
CREATE PROCEDURE OutboxClaim(IN in_limit INT)
  READS SQL DATA
BEGIN
  DECLARE v_limit INT DEFAULT LEAST(GREATEST(in_limit, 1), 500);
  SELECT o.id, o.event_id, o.topic, o.type, o.subject, o.occurred_at, o.payload, o.traceparent
    FROM outbox_event o
   WHERE o.published_at IS NULL
     AND NOT EXISTS (
       SELECT 1
         FROM outbox_failures f
        WHERE f.topic = o.topic AND f.subject = o.subject AND f.outbox_id <= o.id
     )
   ORDER BY o.id
   LIMIT v_limit;
END
