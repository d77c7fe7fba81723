-- NAME
--   OutboxPark: sets events aside that can't be published, or that have to wait behind such a one.
-- SYNOPSIS
--   CALL OutboxPark(in_events, in_now)
-- PARAMETERS
--   in_events  [{"id": …, "place": …, "topic": …, "subject": …, "error"?: …}]; error says why it can't be published, in at most 500 characters;
--              without one it only waits
--   in_now     when
-- RETURNS
--   nothing
-- ERRORS
--   none; one that is parked already stays as it is
-- LOCKS
--   the new rows. Call it in the transaction that marks the outbox rows as published: each of their events is then either with Kafka or here.
-- EXAMPLE
--   CALL OutboxPark('[{"id":17,"place":1,"topic":"credits.v1","subject":"u1","error":"unknown field"}]', '2026-01-31 00:00:00.000')
CREATE PROCEDURE OutboxPark(IN in_events JSON, IN in_now DATETIME(3))
  MODIFIES SQL DATA
BEGIN
  INSERT INTO outbox_parked (outbox_id, place, topic, subject, state, error, parked_at)
  SELECT j.id, j.place, j.topic, j.subject, CASE WHEN j.error IS NULL THEN 'waiting' ELSE 'failed' END, j.error, in_now
    FROM JSON_TABLE(in_events, '$[*]' COLUMNS (
           id BIGINT PATH '$.id',
           place INT PATH '$.place',
           topic VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.topic',
           subject VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.subject',
           error VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.error'
         )) j
  ON DUPLICATE KEY UPDATE outbox_id = outbox_parked.outbox_id;
END
