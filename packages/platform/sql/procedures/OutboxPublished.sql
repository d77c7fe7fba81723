-- NAME
--   OutboxPublished: marks events as published.
-- SYNOPSIS
--   CALL OutboxPublished(in_ids, in_now)
-- PARAMETERS
--   in_ids  JSON array of outbox ids, at most 500
--   in_now  when
-- RETURNS
--   marked: how many rows were unpublished until now
-- ERRORS
--   none; ids that are unknown or marked already are passed over
-- LOCKS
--   the rows, by primary key
-- EXAMPLE
--   CALL OutboxPublished('[17,18,19]', '2026-01-31 00:00:00.000')
CREATE PROCEDURE OutboxPublished(IN in_ids JSON, IN in_now DATETIME(3))
  MODIFIES SQL DATA
BEGIN
  UPDATE outbox o
    JOIN JSON_TABLE(in_ids, '$[*]' COLUMNS (id BIGINT PATH '$')) j ON j.id = o.id
     SET o.published_at = in_now
   WHERE o.published_at IS NULL;
  SELECT ROW_COUNT() AS marked;
END
