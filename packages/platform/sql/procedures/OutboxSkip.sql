-- NAME
--   OutboxSkip: gives up one event that was set aside, so that the later ones of its subject go out.
-- SYNOPSIS
--   CALL OutboxSkip(in_id, in_now)
-- PARAMETERS
--   in_id   outbox id of an event that was set aside
--   in_now  when
-- RETURNS
--   skipped: 1, or 0 when there is no such failure
-- ERRORS
--   none
-- LOCKS
--   the failure and the outbox row; the row stays, with its error, until it is purged
-- EXAMPLE
--   CALL OutboxSkip(17, '2026-01-31 00:00:00.000')
CREATE PROCEDURE OutboxSkip(IN in_id BIGINT, IN in_now DATETIME(3))
  MODIFIES SQL DATA
BEGIN
  DECLARE v_skipped INT DEFAULT 0;
  DELETE FROM outbox_failures WHERE outbox_id = in_id;
  SET v_skipped = ROW_COUNT();
  IF v_skipped > 0 THEN
    UPDATE outbox SET published_at = in_now WHERE id = in_id;
  END IF;
  SELECT v_skipped AS skipped;
END
