-- NAME
--   OutboxFreed: the events that wait although nothing that failed is before them any more: somebody gave it up.
-- SYNOPSIS
--   CALL OutboxFreed(in_limit)
-- PARAMETERS
--   in_limit  at most so many events, 1..500
-- RETURNS
--   as OutboxParked. Of each topic and subject whose first parked event only waits: that one and the next ones, by id and place
-- ERRORS
--   none
-- LOCKS
--   none: only the relay that holds the schema's user lock may call it
-- EXAMPLE
--   CALL OutboxFreed(500)
CREATE PROCEDURE OutboxFreed(IN in_limit INT)
  READS SQL DATA
BEGIN
  DECLARE v_limit INT DEFAULT LEAST(GREATEST(in_limit, 1), 500);
  WITH page AS (
    SELECT p.outbox_id, p.place, p.error
      FROM (SELECT topic, subject, MIN(outbox_id) AS outbox_id
              FROM outbox_parked FORCE INDEX (outbox_parked_subject)
             GROUP BY topic, subject) g
      STRAIGHT_JOIN outbox_parked head FORCE INDEX (outbox_parked_subject)
                    ON head.topic = g.topic AND head.subject = g.subject AND head.outbox_id = g.outbox_id
      STRAIGHT_JOIN outbox_parked p FORCE INDEX (outbox_parked_subject) ON p.topic = g.topic AND p.subject = g.subject
     WHERE head.error IS NULL
       AND head.place = (SELECT MIN(m.place)
                           FROM outbox_parked m FORCE INDEX (outbox_parked_subject)
                          WHERE m.topic = g.topic AND m.subject = g.subject AND m.outbox_id = g.outbox_id)
     ORDER BY p.outbox_id, p.place
     LIMIT v_limit
  )
  SELECT e.id, e.place, e.event_id, e.topic, e.type, e.subject, e.occurred_at, e.payload, e.traceparent, page.error
    FROM (SELECT DISTINCT outbox_id FROM page) named
    STRAIGHT_JOIN outbox_event e ON e.id = named.outbox_id
    STRAIGHT_JOIN page ON page.outbox_id = e.id AND page.place = e.place
   ORDER BY e.id, e.place;
END
