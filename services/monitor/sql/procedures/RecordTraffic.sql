-- NAME
--   RecordTraffic - how far a partition was read, and what moved
-- SYNOPSIS
--   CALL RecordTraffic(in_progress, in_totals, in_now)
-- PARAMETERS
--   in_progress  JSON array of {topic, partition, offset, events, lastEventAt}; events: new ones in this batch
--   in_totals    JSON array of {day 'YYYY-MM-DD', kind, events, amount}; each day and kind once
--   in_now       UTC
-- RETURNS
--   nothing
-- ERRORS
--   none of its own
-- LOCKS
--   the rows of these partitions; the totals' rows, in order of their key: call it last in a transaction
-- EXAMPLE
--   CALL RecordTraffic('[{"topic": "credits.v1", "partition": 0, "offset": 41, "events": 3,
--     "lastEventAt": "2026-01-31 00:00:00.000"}]', '[{"day": "2026-01-31", "kind": "consume", "events": 3, "amount": -7}]',
--     '2026-01-31 00:00:00.000');
CREATE PROCEDURE RecordTraffic(IN in_progress JSON, IN in_totals JSON, IN in_now DATETIME(3))
  MODIFIES SQL DATA
BEGIN
  INSERT INTO stream_progress (topic, partition_no, last_offset, events, last_event_at, updated_at)
  SELECT item.topic, item.partition_no, item.last_offset, item.events, item.last_event_at, in_now
  FROM JSON_TABLE(in_progress, '$[*]' COLUMNS (
         topic         VARCHAR(128) CHARACTER SET ascii PATH '$.topic',
         partition_no  INT PATH '$.partition',
         last_offset   BIGINT PATH '$.offset',
         events        BIGINT PATH '$.events',
         last_event_at DATETIME(3) PATH '$.lastEventAt')) AS item
  ORDER BY item.topic, item.partition_no
  ON DUPLICATE KEY UPDATE
    last_offset = GREATEST(stream_progress.last_offset, VALUES(last_offset)),
    events = stream_progress.events + VALUES(events),
    last_event_at = GREATEST(stream_progress.last_event_at, VALUES(last_event_at)),
    updated_at = VALUES(updated_at);

  INSERT INTO daily_totals (day, kind, events, amount)
  SELECT item.day, item.kind, item.events, item.amount
  FROM JSON_TABLE(in_totals, '$[*]' COLUMNS (
         day    DATE PATH '$.day',
         kind   VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.kind',
         events BIGINT PATH '$.events',
         amount BIGINT PATH '$.amount')) AS item
  ORDER BY item.day, item.kind
  ON DUPLICATE KEY UPDATE
    events = daily_totals.events + VALUES(events),
    amount = daily_totals.amount + VALUES(amount);
END
