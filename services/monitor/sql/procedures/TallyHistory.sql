-- NAME
--   TallyHistory - what the steps of a stretch of time add up to
-- SYNOPSIS
--   CALL TallyHistory(in_items)
-- PARAMETERS
--   in_items  JSON array of {ordinal, rule, subject, fromMs, beforeMs}: steps that begin in [fromMs, beforeMs)
-- RETURNS
--   a row for each item: ordinal, events, amount
-- ERRORS
--   none of its own
-- LOCKS
--   none
-- EXAMPLE
--   CALL TallyHistory('[{"ordinal": 0, "rule": "unusual_change", "subject": "alice", "fromMs": 1767225600000,
--     "beforeMs": 1769817600000}]');
CREATE PROCEDURE TallyHistory(IN in_items JSON)
  READS SQL DATA
BEGIN
  SELECT item.ordinal, CAST(COALESCE(SUM(x.events), 0) AS SIGNED) AS events,
         CAST(COALESCE(SUM(x.amount), 0) AS SIGNED) AS amount
  FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
         ordinal   INT PATH '$.ordinal',
         rule      VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.rule',
         subject   VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.subject',
         from_ms   BIGINT PATH '$.fromMs',
         before_ms BIGINT PATH '$.beforeMs')) AS item
  LEFT JOIN tallies AS x ON x.rule = item.rule AND x.subject = item.subject AND x.bucket_ms >= item.from_ms
    AND x.bucket_ms < item.before_ms
  GROUP BY item.ordinal;
END
