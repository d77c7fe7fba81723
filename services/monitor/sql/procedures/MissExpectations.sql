-- NAME
--   MissExpectations - take the expectations that nothing has met in time
-- SYNOPSIS
--   CALL MissExpectations(in_now, in_limit)
-- PARAMETERS
--   in_now    UTC
--   in_limit  at most so many
-- RETURNS
--   a row for each: rule, expectation_key, user_id, at, evidence. Call again when there are in_limit rows
-- ERRORS
--   none of its own
-- LOCKS
--   the rows, in order of their key
-- EXAMPLE
--   CALL MissExpectations('2026-01-31 00:00:00.000', 500);
CREATE PROCEDURE MissExpectations(IN in_now DATETIME(3), IN in_limit INT)
  MODIFIES SQL DATA
BEGIN
  DECLARE v_due JSON;
  DECLARE v_locked INT;

  SELECT COALESCE(JSON_ARRAYAGG(JSON_OBJECT('rule', due.rule, 'key', due.expectation_key)), JSON_ARRAY()) INTO v_due
  FROM (SELECT rule, expectation_key FROM expectations WHERE due_at <= in_now ORDER BY due_at LIMIT in_limit) AS due;

  SELECT COUNT(*) INTO v_locked
  FROM (SELECT item.rule, item.expectation_key
        FROM JSON_TABLE(v_due, '$[*]' COLUMNS (
               rule            VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.rule',
               expectation_key VARCHAR(190) CHARACTER SET ascii COLLATE ascii_bin PATH '$.key')) AS item
        ORDER BY item.rule, item.expectation_key
        LIMIT 100000) AS wanted
  STRAIGHT_JOIN expectations AS e ON e.rule = wanted.rule AND e.expectation_key = wanted.expectation_key
  FOR UPDATE;

  -- What was met, or taken by another instance, between the two reads is no longer due.
  SELECT COALESCE(JSON_ARRAYAGG(JSON_OBJECT('rule', e.rule, 'key', e.expectation_key)), JSON_ARRAY()) INTO v_due
  FROM JSON_TABLE(v_due, '$[*]' COLUMNS (
         rule            VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.rule',
         expectation_key VARCHAR(190) CHARACTER SET ascii COLLATE ascii_bin PATH '$.key')) AS item
  JOIN expectations AS e ON e.rule = item.rule AND e.expectation_key = item.expectation_key
  WHERE e.due_at <= in_now;

  UPDATE expectations AS e
  JOIN JSON_TABLE(v_due, '$[*]' COLUMNS (
         rule            VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.rule',
         expectation_key VARCHAR(190) CHARACTER SET ascii COLLATE ascii_bin PATH '$.key')) AS item
    ON e.rule = item.rule AND e.expectation_key = item.expectation_key
  SET e.told_at = in_now, e.due_at = NULL;

  SELECT e.rule, e.expectation_key, e.user_id, e.at, e.evidence
  FROM JSON_TABLE(v_due, '$[*]' COLUMNS (
         rule            VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.rule',
         expectation_key VARCHAR(190) CHARACTER SET ascii COLLATE ascii_bin PATH '$.key')) AS item
  JOIN expectations AS e ON e.rule = item.rule AND e.expectation_key = item.expectation_key
  ORDER BY e.at, e.rule, e.expectation_key;
END
