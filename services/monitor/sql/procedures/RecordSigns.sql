-- NAME
--   RecordSigns - what is wrong with the machinery now, and since when
-- SYNOPSIS
--   CALL RecordSigns(in_items, in_now)
-- PARAMETERS
--   in_items  JSON array, each (rule, subject) once, of {rule, subject, bad 1|0, value}
--   in_now    UTC
-- RETURNS
--   a row for each that is wrong, or was until now: rule, subject, bad, since (NULL when it is over), value_before (NULL:
--   it was not wrong before)
-- ERRORS
--   none of its own
-- LOCKS
--   the rows of these signs, in order of their key
-- EXAMPLE
--   CALL RecordSigns('[{"rule": "consumer_lag", "subject": "stipend.credits", "bad": 1, "value": 12000}]',
--     '2026-01-31 00:00:00.000');
CREATE PROCEDURE RecordSigns(IN in_items JSON, IN in_now DATETIME(3))
  MODIFIES SQL DATA
BEGIN
  DECLARE v_before JSON;

  SELECT COALESCE(JSON_ARRAYAGG(JSON_OBJECT('rule', s.rule, 'subject', s.subject, 'value', s.value)), JSON_ARRAY()) INTO v_before
  FROM (SELECT item.rule, item.subject
        FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
               rule    VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.rule',
               subject VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.subject')) AS item
        ORDER BY item.rule, item.subject
        LIMIT 100000) AS wanted
  STRAIGHT_JOIN signs AS s ON s.rule = wanted.rule AND s.subject = wanted.subject
  FOR UPDATE;

  INSERT INTO signs (rule, subject, since, seen_at, value)
  SELECT item.rule, item.subject, in_now, in_now, item.value
  FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
         rule    VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.rule',
         subject VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.subject',
         bad     INT PATH '$.bad',
         value   BIGINT PATH '$.value')) AS item
  WHERE item.bad = 1
  ORDER BY item.rule, item.subject
  ON DUPLICATE KEY UPDATE seen_at = in_now, value = VALUES(value);

  DELETE s FROM signs AS s
  JOIN JSON_TABLE(in_items, '$[*]' COLUMNS (
         rule    VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.rule',
         subject VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.subject',
         bad     INT PATH '$.bad')) AS item ON s.rule = item.rule AND s.subject = item.subject
  WHERE item.bad = 0;

  SELECT item.rule, item.subject, item.bad, s.since, was.value AS value_before
  FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
         rule    VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.rule',
         subject VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.subject',
         bad     INT PATH '$.bad')) AS item
  LEFT JOIN signs AS s ON s.rule = item.rule AND s.subject = item.subject
  LEFT JOIN JSON_TABLE(v_before, '$[*]' COLUMNS (
         rule    VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.rule',
         subject VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.subject',
         value   BIGINT PATH '$.value')) AS was ON was.rule = item.rule AND was.subject = item.subject
  WHERE item.bad = 1 OR was.value IS NOT NULL;
END
