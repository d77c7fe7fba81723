-- NAME
--   OutboxNext: the next events to publish.
-- SYNOPSIS
--   CALL OutboxNext(in_limit)
-- PARAMETERS
--   in_limit  as many rows as tell so many events, 1..500; at least one, and the last one whole
-- RETURNS
--   id, place, event_id, topic, type, subject, occurred_at, payload, traceparent; lowest id first, the events of one row by their place.
--   parked: 1 when an earlier event of the same topic and subject is parked, so that this one has to wait behind it
-- ERRORS
--   none
-- LOCKS
--   none: only the relay that holds the schema's user lock may call it. Rows are found by being unpublished, never by
--   "id above the last one": ids become visible out of order.
-- EXAMPLE
--   CALL OutboxNext(500)
CREATE PROCEDURE OutboxNext(IN in_limit INT)
  READS SQL DATA
BEGIN
  DECLARE v_limit INT DEFAULT LEAST(GREATEST(in_limit, 1), 500);
  SELECT e.id, e.place, e.event_id, e.topic, e.type, e.subject, e.occurred_at, e.payload, e.traceparent,
         EXISTS (
           SELECT 1
             FROM outbox_parked p FORCE INDEX (outbox_parked_subject)
            WHERE p.topic = e.topic AND p.subject = e.subject AND p.outbox_id <= e.id
         ) AS parked
    FROM (
      SELECT counted.id
        FROM (
          SELECT w.id, SUM(w.events) OVER (ORDER BY w.id ROWS UNBOUNDED PRECEDING) - w.events AS earlier
            FROM (
              SELECT o.id, o.events
                FROM outbox o FORCE INDEX (outbox_unpublished)
               WHERE o.published_at IS NULL
               ORDER BY o.id
               LIMIT v_limit
            ) w
        ) counted
       WHERE counted.earlier < v_limit
    ) chosen
    STRAIGHT_JOIN outbox_event e ON e.id = chosen.id
   ORDER BY e.id, e.place;
END
