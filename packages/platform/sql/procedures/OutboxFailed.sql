-- NAME
--   OutboxFailed: sets an event aside that cannot be encoded.
-- SYNOPSIS
--   CALL OutboxFailed(in_id, in_error, in_now)
-- PARAMETERS
--   in_id     outbox id
--   in_error  why, cut to 500 characters
--   in_now    when
-- RETURNS
--   nothing
-- ERRORS
--   none; an unknown id is passed over
-- LOCKS
--   the row
-- EXAMPLE
--   CALL OutboxFailed(17, 'unknown field "usr"', '2026-01-31 00:00:00.000')
CREATE PROCEDURE OutboxFailed(IN in_id BIGINT, IN in_error TEXT, IN in_now DATETIME(3))
  MODIFIES SQL DATA
BEGIN
  UPDATE outbox SET attempts = attempts + 1, last_error = LEFT(in_error, 500) WHERE id = in_id;
  INSERT INTO outbox_failures (outbox_id, topic, subject, failed_at)
  SELECT o.id, o.topic, o.subject, in_now FROM outbox o WHERE o.id = in_id
  ON DUPLICATE KEY UPDATE failed_at = in_now;
END
