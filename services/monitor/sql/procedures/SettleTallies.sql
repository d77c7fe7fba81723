-- NAME
--   SettleTallies - the windows that end with a step that is over, for rules that judge only what is complete
-- SYNOPSIS
--   CALL SettleTallies(in_rules, in_now, in_limit)
-- PARAMETERS
--   in_rules  JSON array of {rule, widthMs}: length of a rule's windows, whole steps; rows of other rules are passed over
--   in_now    UTC
--   in_limit  at most so many steps
-- RETURNS
--   a row for each step that was due: rule, subject, bucket_ms, and events, amount, marked of the window that ends with
--   it. Call again when there are in_limit rows
-- ERRORS
--   none of its own
-- LOCKS
--   the rows that were due, in order of their key
-- EXAMPLE
--   CALL SettleTallies('[{"rule": "refund_share", "widthMs": 86400000}]', '2026-01-31 00:00:00.000', 500);
CREATE PROCEDURE SettleTallies(IN in_rules JSON, IN in_now DATETIME(3), IN in_limit INT)
  MODIFIES SQL DATA
BEGIN
  DECLARE v_due JSON;
  DECLARE v_locked INT;

  SELECT COALESCE(JSON_ARRAYAGG(JSON_OBJECT('rule', due.rule, 'subject', due.subject, 'bucketMs', due.bucket_ms)), JSON_ARRAY())
  INTO v_due
  FROM (SELECT rule, subject, bucket_ms FROM tallies WHERE settle_at <= in_now AND member = ''
        ORDER BY settle_at, rule, subject, bucket_ms LIMIT in_limit) AS due;

  SELECT COUNT(*) INTO v_locked
  FROM (SELECT item.rule, item.subject, item.bucket_ms
        FROM JSON_TABLE(v_due, '$[*]' COLUMNS (
               rule      VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.rule',
               subject   VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.subject',
               bucket_ms BIGINT PATH '$.bucketMs')) AS item
        ORDER BY item.rule, item.subject, item.bucket_ms
        LIMIT 100000) AS wanted
  STRAIGHT_JOIN tallies AS t ON t.rule = wanted.rule AND t.subject = wanted.subject AND t.bucket_ms = wanted.bucket_ms
    AND t.member = ''
  FOR UPDATE;

  UPDATE tallies AS t
  JOIN JSON_TABLE(v_due, '$[*]' COLUMNS (
         rule      VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.rule',
         subject   VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.subject',
         bucket_ms BIGINT PATH '$.bucketMs')) AS item
    ON t.rule = item.rule AND t.subject = item.subject AND t.bucket_ms = item.bucket_ms AND t.member = ''
  SET t.settle_at = NULL
  WHERE t.settle_at <= in_now;

  SELECT item.rule, item.subject, item.bucket_ms, CAST(SUM(x.events) AS SIGNED) AS events,
         CAST(SUM(x.amount) AS SIGNED) AS amount, CAST(SUM(x.marked) AS SIGNED) AS marked
  FROM JSON_TABLE(v_due, '$[*]' COLUMNS (
         rule      VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.rule',
         subject   VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.subject',
         bucket_ms BIGINT PATH '$.bucketMs')) AS item
  LEFT JOIN JSON_TABLE(in_rules, '$[*]' COLUMNS (
         rule     VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.rule',
         width_ms BIGINT PATH '$.widthMs')) AS r ON r.rule = item.rule
  JOIN tallies AS x ON x.rule = item.rule AND x.subject = item.subject AND x.member = ''
    AND x.bucket_ms > item.bucket_ms - COALESCE(r.width_ms, 1) AND x.bucket_ms <= item.bucket_ms
  GROUP BY item.rule, item.subject, item.bucket_ms
  ORDER BY item.bucket_ms, item.rule, item.subject;
END
