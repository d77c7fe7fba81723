-- NAME
--   OutboxFreed: the events that waited behind one that was given up.
-- SYNOPSIS
--   CALL OutboxFreed(in_limit)
-- PARAMETERS
--   in_limit  at most so many events, 1..500
-- RETURNS
--   as OutboxParked: of each topic and subject of which an event was given up, and whose first parked event only waits now: that one and the
--   next ones, by id and place. Send or refuse them (OutboxRetried) and ask again, until there are none
-- ERRORS
--   none
-- LOCKS
--   the given-up events behind which nothing waits that could go: they are removed. Only the relay that holds the schema's user lock may call it
-- EXAMPLE
--   CALL OutboxFreed(500)
CREATE PROCEDURE OutboxFreed(IN in_limit INT)
  MODIFIES SQL DATA
BEGIN
  DECLARE v_limit INT DEFAULT LEAST(GREATEST(in_limit, 1), 500);
  DELETE p
    FROM (
      -- DISTINCT, so that it is a table of its own: the rows to remove may not be read while they are removed.
      SELECT DISTINCT g.outbox_id, g.place
        FROM outbox_parked g FORCE INDEX (outbox_parked_state)
       WHERE g.state = 'given_up'
         AND COALESCE((SELECT first_parked.state
                         FROM outbox_parked first_parked FORCE INDEX (outbox_parked_subject)
                        WHERE first_parked.topic = g.topic AND first_parked.subject = g.subject AND first_parked.state <> 'given_up'
                        ORDER BY first_parked.outbox_id, first_parked.place LIMIT 1), 'none') <> 'waiting'
    ) done
    STRAIGHT_JOIN outbox_parked p FORCE INDEX (PRIMARY) ON p.outbox_id = done.outbox_id AND p.place = done.place;

  WITH page AS (
    SELECT p.outbox_id, p.place, p.error
      FROM (SELECT DISTINCT topic, subject FROM outbox_parked FORCE INDEX (outbox_parked_state) WHERE state = 'given_up') g
      STRAIGHT_JOIN outbox_parked p FORCE INDEX (outbox_parked_subject) ON p.topic = g.topic AND p.subject = g.subject
     WHERE p.state <> 'given_up'
     ORDER BY p.outbox_id, p.place
     LIMIT v_limit
  )
  SELECT e.id, e.place, e.event_id, e.topic, e.type, e.subject, e.occurred_at, e.payload, e.traceparent, page.error
    FROM (SELECT DISTINCT outbox_id FROM page) named
    STRAIGHT_JOIN outbox_event e ON e.id = named.outbox_id
    STRAIGHT_JOIN page ON page.outbox_id = e.id AND page.place = e.place
   ORDER BY e.id, e.place;
END
