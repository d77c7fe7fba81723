-- NAME
--   OutboxFailedEvents: the events that can't be published, for a person. What waits behind them is not listed.
-- SYNOPSIS
--   CALL OutboxFailedEvents(in_limit)
-- PARAMETERS
--   in_limit  at most so many, 1..500
-- RETURNS
--   id, place, event_id, topic, type, subject, occurred_at, payload, error, parked_at; oldest first
-- ERRORS
--   none
-- LOCKS
--   none
-- EXAMPLE
--   CALL OutboxFailedEvents(100)
CREATE PROCEDURE OutboxFailedEvents(IN in_limit INT)
  READS SQL DATA
BEGIN
  DECLARE v_limit INT DEFAULT LEAST(GREATEST(in_limit, 1), 500);
  SELECT e.id, e.place, e.event_id, e.topic, e.type, e.subject, e.occurred_at, e.payload, f.error, f.parked_at
    FROM (
      SELECT p.outbox_id, p.place, p.error, p.parked_at
        FROM outbox_parked p FORCE INDEX (outbox_parked_state)
       WHERE p.state = 'failed'
       ORDER BY p.outbox_id, p.place
       LIMIT v_limit
    ) f
    STRAIGHT_JOIN outbox_event e ON e.id = f.outbox_id AND e.place = f.place
   ORDER BY e.id, e.place;
END
