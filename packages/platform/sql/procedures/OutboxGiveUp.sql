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
--   the parked event and its outbox row; the row keeps the error until it is purged
-- EXAMPLE
--   CALL OutboxGiveUp(17, 1)
CREATE PROCEDURE OutboxGiveUp(IN in_id BIGINT, IN in_place INT)
  MODIFIES SQL DATA
BEGIN
  DECLARE v_given_up INT DEFAULT 0;
  UPDATE outbox_parked p STRAIGHT_JOIN outbox o ON o.id = p.outbox_id
     SET o.last_error = LEFT(CONCAT('event ', p.place, ' given up: ', p.error), 500)
   WHERE p.outbox_id = in_id AND p.place = in_place AND p.error IS NOT NULL;
  DELETE FROM outbox_parked WHERE outbox_id = in_id AND place = in_place AND error IS NOT NULL;
  SET v_given_up = ROW_COUNT();
  SELECT v_given_up AS given_up;
END
