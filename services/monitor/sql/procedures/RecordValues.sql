-- NAME
--   RecordValues - remember what was seen of a subject, and tell what is new of one that is known
-- SYNOPSIS
--   CALL RecordValues(in_items, in_now)
-- PARAMETERS
--   in_items  JSON array, each (rule, subject, facet, value) once, of {rule, subject, facet, value, firstAt, lastAt,
--             learnMs}; times 'YYYY-MM-DD HH:MM:SS.mmm' in UTC; learnMs: what is seen so soon after the first of all is
--             learned without a word, the same for all items of a rule
--   in_now    UTC
-- RETURNS
--   a row for each value of these subjects that is new and was not told before: rule, subject, facet, value, first_at.
--   New by event time: values that come out of order end with the same result
-- ERRORS
--   none of its own
-- LOCKS
--   the rows of these values, in order of their key
-- EXAMPLE
--   CALL RecordValues('[{"rule": "admin_new_origin", "subject": "root", "facet": "ip", "value": "10.0.0.1",
--     "firstAt": "2026-01-31 00:00:00.000", "lastAt": "2026-01-31 00:00:00.000", "learnMs": 86400000}]',
--     '2026-01-31 00:00:00.000');
CREATE PROCEDURE RecordValues(IN in_items JSON, IN in_now DATETIME(3))
  MODIFIES SQL DATA
BEGIN
  DECLARE v_new JSON;

  INSERT INTO known_values (rule, subject, facet, value, first_at, last_at)
  SELECT item.rule, item.subject, item.facet, item.value, item.first_at, item.last_at
  FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
         rule     VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.rule',
         subject  VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.subject',
         facet    VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.facet',
         value    VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.value',
         first_at DATETIME(3) PATH '$.firstAt',
         last_at  DATETIME(3) PATH '$.lastAt')) AS item
  ORDER BY item.rule, item.subject, item.facet, item.value
  ON DUPLICATE KEY UPDATE
    first_at = LEAST(known_values.first_at, VALUES(first_at)),
    last_at = GREATEST(known_values.last_at, VALUES(last_at));

  SELECT COALESCE(JSON_ARRAYAGG(JSON_OBJECT('rule', seen.rule, 'subject', seen.subject, 'facet', seen.facet,
                                            'value', seen.value)), JSON_ARRAY()) INTO v_new
  FROM (
    SELECT k.rule, k.subject, k.facet, k.value, k.first_at, k.told_at, subjects.learn_ms,
           MIN(k.first_at) OVER (PARTITION BY k.rule, k.subject, k.facet) AS begun_at
    FROM (SELECT item.rule, item.subject, MAX(item.learn_ms) AS learn_ms
          FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
                 rule     VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.rule',
                 subject  VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.subject',
                 learn_ms BIGINT PATH '$.learnMs')) AS item
          GROUP BY item.rule, item.subject) AS subjects
    JOIN known_values AS k ON k.rule = subjects.rule AND k.subject = subjects.subject
  ) AS seen
  WHERE seen.told_at IS NULL AND seen.first_at > TIMESTAMPADD(MICROSECOND, seen.learn_ms * 1000, seen.begun_at);

  UPDATE known_values AS k
  JOIN JSON_TABLE(v_new, '$[*]' COLUMNS (
         rule    VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.rule',
         subject VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.subject',
         facet   VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.facet',
         value   VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.value')) AS item
    ON k.rule = item.rule AND k.subject = item.subject AND k.facet = item.facet AND k.value = item.value
  SET k.told_at = in_now;

  SELECT k.rule, k.subject, k.facet, k.value, k.first_at
  FROM JSON_TABLE(v_new, '$[*]' COLUMNS (
         rule    VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.rule',
         subject VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.subject',
         facet   VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.facet',
         value   VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.value')) AS item
  JOIN known_values AS k ON k.rule = item.rule AND k.subject = item.subject AND k.facet = item.facet AND k.value = item.value
  ORDER BY k.first_at, k.rule, k.subject, k.facet, k.value;
END
