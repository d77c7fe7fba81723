-- NAME
--   OutboxStats: how far the relay is behind.
-- SYNOPSIS
--   CALL OutboxStats()
-- PARAMETERS
--   none
-- RETURNS
--   pending: events not published, parked ones among them; oldest_at: when the first of them happened, NULL when none;
--   failed: parked because they can't be published; waiting: parked behind one of those.
--   Not more than 10,000 unpublished rows and 10,000 waiting events are counted
-- ERRORS
--   none
-- LOCKS
--   none
-- EXAMPLE
--   CALL OutboxStats()
CREATE PROCEDURE OutboxStats()
  READS SQL DATA
BEGIN
  DECLARE v_unpublished, v_failed, v_waiting BIGINT DEFAULT 0;
  DECLARE v_first, v_first_parked DATETIME(3);
  SET v_unpublished = (SELECT COALESCE(SUM(events), 0) FROM (SELECT events FROM outbox WHERE published_at IS NULL LIMIT 10000) w);
  SET v_failed = (SELECT COUNT(*) FROM outbox_parked FORCE INDEX (outbox_parked_failed) WHERE error IS NOT NULL);
  SET v_waiting = (SELECT COUNT(*) FROM (SELECT 1 FROM outbox_parked FORCE INDEX (outbox_parked_failed) WHERE error IS NULL LIMIT 10000) w);
  SET v_first = (SELECT occurred_at FROM outbox WHERE published_at IS NULL ORDER BY id LIMIT 1);
  SET v_first_parked = (SELECT o.occurred_at FROM (SELECT MIN(outbox_id) AS id FROM outbox_parked) p JOIN outbox o ON o.id = p.id);
  SELECT v_unpublished + v_failed + v_waiting AS pending,
         LEAST(COALESCE(v_first, v_first_parked), COALESCE(v_first_parked, v_first)) AS oldest_at,
         v_failed AS failed, v_waiting AS waiting;
END
