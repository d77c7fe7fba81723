-- NAME
--   OutboxGiveUp: gives up one event that can't be published, so that the later ones of its subject go out.
-- SYNOPSIS
--   CALL OutboxGiveUp(in_id, in_place)
-- PARAMETERS
--   in_id, in_place  of an event that OutboxFailedEvents lists
-- RETURNS
--   given_up: 1, or 0 when there is no such failed event
-- ERRORS
--   none
-- LOCKS
--   the parked event and its outbox row, which keeps the error until it is purged. The event stays parked as given_up until the relay has seen to
--   what waits behind it (OutboxFreed): what the relay parks meanwhile still finds it there
-- EXAMPLE
--   CALL OutboxGiveUp(17, 1)
CREATE PROCEDURE OutboxGiveUp(IN in_id BIGINT, IN in_place INT)
  MODIFIES SQL DATA
BEGIN
  UPDATE outbox_parked p STRAIGHT_JOIN outbox o ON o.id = p.outbox_id
     SET o.last_error = LEFT(CONCAT('event ', p.place, ' given up: ', p.error), 500)
   WHERE p.outbox_id = in_id AND p.place = in_place AND p.state = 'failed';
  UPDATE outbox_parked SET state = 'given_up' WHERE outbox_id = in_id AND place = in_place AND state = 'failed';
  SELECT ROW_COUNT() AS given_up;
END
