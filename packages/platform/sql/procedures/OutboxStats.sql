-- NAME
--   OutboxStats: how far the relay is behind.
-- SYNOPSIS
--   CALL OutboxStats()
-- PARAMETERS
--   none
-- RETURNS
--   pending: events not published, parked ones among them; oldest_at: when the first of them happened, NULL when none;
--   failed: parked because they can't be published; waiting: parked behind one of those; given_up: by a person, and the
--   relay has not seen to what waits behind it yet.
--   Not more than 10,000 unpublished rows, failed events and waiting events are counted
-- ERRORS
--   none
-- LOCKS
--   none
-- EXAMPLE
--   CALL OutboxStats()
CREATE PROCEDURE OutboxStats()
  READS SQL DATA
BEGIN
  DECLARE v_unpublished, v_failed, v_waiting, v_given_up BIGINT DEFAULT 0;
  DECLARE v_first, v_first_parked DATETIME(3);
  -- Never SET v = (SELECT …): MySQL 9.7 locks what that reads, and the relay that marks a row would meet a deadlock.
  SELECT COALESCE(SUM(w.events), 0) INTO v_unpublished
    FROM (SELECT events FROM outbox WHERE published_at IS NULL LIMIT 10000) w;
  SELECT COUNT(*) INTO v_failed
    FROM (SELECT 1 FROM outbox_parked FORCE INDEX (outbox_parked_state) WHERE state = 'failed' LIMIT 10000) f;
  SELECT COUNT(*) INTO v_waiting
    FROM (SELECT 1 FROM outbox_parked FORCE INDEX (outbox_parked_state) WHERE state = 'waiting' LIMIT 10000) w;
  SELECT COUNT(*) INTO v_given_up
    FROM outbox_parked FORCE INDEX (outbox_parked_state) WHERE state = 'given_up';
  SELECT MIN(f.occurred_at) INTO v_first
    FROM (SELECT occurred_at FROM outbox WHERE published_at IS NULL ORDER BY id LIMIT 1) f;
  SELECT MIN(f.occurred_at) INTO v_first_parked
    FROM (SELECT o.occurred_at
            FROM outbox_parked p FORCE INDEX (PRIMARY)
            STRAIGHT_JOIN outbox o FORCE INDEX (PRIMARY) ON o.id = p.outbox_id
           WHERE p.state <> 'given_up'
           ORDER BY p.outbox_id, p.place LIMIT 1) f;
  SELECT v_unpublished + v_failed + v_waiting AS pending,
         LEAST(COALESCE(v_first, v_first_parked), COALESCE(v_first_parked, v_first)) AS oldest_at,
         v_failed AS failed, v_waiting AS waiting, v_given_up AS given_up;
END
