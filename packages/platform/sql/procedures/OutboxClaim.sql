-- NAME
--   OutboxClaim: the next events to publish.
-- SYNOPSIS
--   CALL OutboxClaim(in_limit)
-- PARAMETERS
--   in_limit  as many rows as tell so many events, 1..500; the last row is told whole
-- RETURNS
--   id, event_id, topic, type, subject, row_subject, occurred_at, payload, traceparent; lowest id first, the events of one id in their order
-- ERRORS
--   none
-- LOCKS
--   none: only the relay that holds the schema's user lock may call it. Rows are found by being unpublished, never by
--   "id above the last one": ids become visible out of order. A subject with a failed row waits behind that row, and all of a
--   topic behind a failed row without a subject.
-- EXAMPLE
--   CALL OutboxClaim(500)
CREATE PROCEDURE OutboxClaim(IN in_limit INT)
  READS SQL DATA
BEGIN
  DECLARE v_limit INT DEFAULT LEAST(GREATEST(in_limit, 1), 500);
  SELECT e.id, e.event_id, e.topic, e.type, e.subject, e.row_subject, e.occurred_at, e.payload, e.traceparent
    FROM (
      SELECT counted.id
        FROM (
          SELECT w.id, SUM(w.events) OVER (ORDER BY w.id ROWS UNBOUNDED PRECEDING) - w.events AS earlier
            FROM (
              SELECT o.id, o.events
                FROM outbox o
               WHERE o.published_at IS NULL
                 AND NOT EXISTS (
                   SELECT 1
                     FROM outbox_failures f
                    WHERE f.topic = o.topic AND f.subject IN (o.subject, '') AND f.outbox_id <= o.id
                 )
               ORDER BY o.id
               LIMIT v_limit
            ) w
        ) counted
       WHERE counted.earlier < v_limit
    ) chosen
    JOIN outbox_event e ON e.id = chosen.id
   ORDER BY e.id, e.place;
END
