-- NAME
--   OutboxParked: the events that are parked, to be tried again; without those that were given up.
-- SYNOPSIS
--   CALL OutboxParked(in_after_id, in_after_place, in_limit)
-- PARAMETERS
--   in_after_id, in_after_place  the last one of the page before; 0 and 0 for the first page
--   in_limit                     at most so many events, 1..500
-- RETURNS
--   id, place, event_id, topic, type, subject, occurred_at, payload, traceparent, error (NULL: it only waits); by id and place
-- ERRORS
--   none
-- LOCKS
--   none: only the relay that holds the schema's user lock may call it
-- EXAMPLE
--   CALL OutboxParked(0, 0, 500)
CREATE PROCEDURE OutboxParked(IN in_after_id BIGINT, IN in_after_place INT, IN in_limit INT)
  READS SQL DATA
BEGIN
  DECLARE v_limit INT DEFAULT LEAST(GREATEST(in_limit, 1), 500);
  WITH page AS (
    SELECT p.outbox_id, p.place, p.error
      FROM outbox_parked p FORCE INDEX (PRIMARY)
     WHERE p.outbox_id >= in_after_id AND (p.outbox_id > in_after_id OR p.place > in_after_place)
       AND p.state <> 'given_up'
     ORDER BY p.outbox_id, p.place
     LIMIT v_limit
  )
  SELECT e.id, e.place, e.event_id, e.topic, e.type, e.subject, e.occurred_at, e.payload, e.traceparent, page.error
    -- Each row is unfolded once, however many of its events are parked.
    FROM (SELECT DISTINCT outbox_id FROM page) named
    STRAIGHT_JOIN outbox_event e ON e.id = named.outbox_id
    STRAIGHT_JOIN page ON page.outbox_id = e.id AND page.place = e.place
   ORDER BY e.id, e.place;
END
