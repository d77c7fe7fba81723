-- NAME
--   OutboxFailures: the events set aside, for a person.
-- SYNOPSIS
--   CALL OutboxFailures(in_limit)
-- PARAMETERS
--   in_limit  at most so many rows, 1..500
-- RETURNS
--   id, event_id, topic, type, subject, occurred_at, payload, attempts, last_error, failed_at; oldest first
-- ERRORS
--   none
-- LOCKS
--   none
-- EXAMPLE
--   CALL OutboxFailures(100)
CREATE PROCEDURE OutboxFailures(IN in_limit INT)
  READS SQL DATA
BEGIN
  DECLARE v_limit INT DEFAULT LEAST(GREATEST(in_limit, 1), 500);
  SELECT o.id, o.event_id, o.topic, o.type, o.subject, o.occurred_at, o.payload, o.attempts, o.last_error, f.failed_at
    FROM outbox_failures f
    JOIN outbox_event o ON o.id = f.outbox_id
   ORDER BY f.outbox_id
   LIMIT v_limit;
END
