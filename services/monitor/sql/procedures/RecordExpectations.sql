-- NAME
--   RecordExpectations - events that need another to explain them, and events that explain
-- SYNOPSIS
--   CALL RecordExpectations(in_expected, in_met, in_now)
-- PARAMETERS
--   in_expected  JSON array, each (rule, key) once, of {rule, key, userId, at, dueAt, evidence (JSON as text)}
--   in_met       JSON array, each (rule, key) once, of {rule, key, at}; times 'YYYY-MM-DD HH:MM:SS.mmm' in UTC
--   in_now       UTC
-- RETURNS
--   rule and expectation_key of those that were told as missed and are met now
-- ERRORS
--   none of its own
-- LOCKS
--   the rows, in order of their key: those expected first
-- EXAMPLE
--   CALL RecordExpectations('[{"rule": "unexplained_growth", "key": "alice/41", "userId": "alice",
--     "at": "2026-01-31 00:00:00.000", "dueAt": "2026-01-31 00:10:00.000", "evidence": "{}"}]', '[]',
--     '2026-01-31 00:00:00.000');
CREATE PROCEDURE RecordExpectations(IN in_expected JSON, IN in_met JSON, IN in_now DATETIME(3))
  MODIFIES SQL DATA
BEGIN
  INSERT INTO expectations (rule, expectation_key, user_id, at, due_at, evidence)
  SELECT item.rule, item.expectation_key, item.user_id, item.at, item.due_at, item.evidence
  FROM JSON_TABLE(in_expected, '$[*]' COLUMNS (
         rule            VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.rule',
         expectation_key VARCHAR(190) CHARACTER SET ascii COLLATE ascii_bin PATH '$.key',
         user_id         VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
         at              DATETIME(3) PATH '$.at',
         due_at          DATETIME(3) PATH '$.dueAt',
         evidence        MEDIUMTEXT CHARACTER SET utf8mb4 PATH '$.evidence')) AS item
  ORDER BY item.rule, item.expectation_key
  ON DUPLICATE KEY UPDATE
    due_at = CASE WHEN expectations.met_at IS NULL AND expectations.told_at IS NULL THEN VALUES(due_at) END,
    user_id = VALUES(user_id), evidence = VALUES(evidence);

  INSERT INTO expectations (rule, expectation_key, at, met_at)
  SELECT item.rule, item.expectation_key, item.at, in_now
  FROM JSON_TABLE(in_met, '$[*]' COLUMNS (
         rule            VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.rule',
         expectation_key VARCHAR(190) CHARACTER SET ascii COLLATE ascii_bin PATH '$.key',
         at              DATETIME(3) PATH '$.at')) AS item
  ORDER BY item.rule, item.expectation_key
  ON DUPLICATE KEY UPDATE met_at = COALESCE(expectations.met_at, in_now), due_at = NULL;

  SELECT e.rule, e.expectation_key
  FROM JSON_TABLE(in_met, '$[*]' COLUMNS (
         rule            VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.rule',
         expectation_key VARCHAR(190) CHARACTER SET ascii COLLATE ascii_bin PATH '$.key')) AS item
  JOIN expectations AS e ON e.rule = item.rule AND e.expectation_key = item.expectation_key
  WHERE e.told_at IS NOT NULL;
END
