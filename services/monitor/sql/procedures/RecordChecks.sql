-- NAME
--   RecordChecks - what the comparison of a page of accounts found
-- SYNOPSIS
--   CALL RecordChecks(in_checks, in_now)
-- PARAMETERS
--   in_checks  JSON array, each user once, of {userId, result 'equal'|'lagging'|'different', creditsVersion,
--              creditsBalance, creditsHeld, viewVersion|null, viewBalance|null, viewHeld|null, problems (JSON array as
--              text)|null, repair (JSON as text)|null}
--   in_now     UTC, when it was compared
-- RETURNS
--   user_id and lagging_since of the accounts whose view is behind, and of those that were not equal before:
--   user_id, lagging_since|null, was ('equal'|'lagging'|'different'|null)
-- ERRORS
--   none of its own
-- LOCKS
--   the users' rows of account_checks
-- EXAMPLE
--   CALL RecordChecks('[{"userId": "alice", "result": "equal", "creditsVersion": 3, …}]', '2026-01-31 00:00:00.000');
CREATE PROCEDURE RecordChecks(IN in_checks JSON, IN in_now DATETIME(3))
  MODIFIES SQL DATA
BEGIN
  DECLARE v_before JSON;

  SELECT COALESCE(JSON_ARRAYAGG(JSON_OBJECT('userId', c.user_id, 'was', c.result)), JSON_ARRAY()) INTO v_before
  FROM JSON_TABLE(in_checks, '$[*]' COLUMNS (
         user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId')) AS item
  JOIN account_checks AS c ON c.user_id = item.user_id
  WHERE c.result <> 'equal';

  INSERT INTO account_checks (user_id, checked_at, result, lagging_since, credits_version, credits_balance, credits_held,
                              view_version, view_balance, view_held, problems, repair)
  SELECT item.user_id, in_now, item.result, CASE WHEN item.result = 'lagging' THEN in_now END, item.credits_version,
         item.credits_balance, item.credits_held, item.view_version, item.view_balance, item.view_held, item.problems, item.repair
  FROM JSON_TABLE(in_checks, '$[*]' COLUMNS (
         user_id         VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
         result          VARCHAR(16) CHARACTER SET ascii PATH '$.result',
         credits_version BIGINT PATH '$.creditsVersion',
         credits_balance BIGINT PATH '$.creditsBalance',
         credits_held    BIGINT PATH '$.creditsHeld',
         view_version    BIGINT PATH '$.viewVersion',
         view_balance    BIGINT PATH '$.viewBalance',
         view_held       BIGINT PATH '$.viewHeld',
         problems        TEXT CHARACTER SET utf8mb4 PATH '$.problems',
         repair          TEXT CHARACTER SET utf8mb4 PATH '$.repair')) AS item
  ORDER BY item.user_id
  ON DUPLICATE KEY UPDATE
    -- Behind without a break only while the view stays at a version below the one credits had then.
    lagging_since = CASE WHEN VALUES(result) <> 'lagging' THEN NULL
                         WHEN account_checks.result = 'lagging'
                          AND (account_checks.view_version <=> VALUES(view_version)) THEN account_checks.lagging_since
                         ELSE in_now END,
    checked_at = VALUES(checked_at), result = VALUES(result),
    credits_version = VALUES(credits_version), credits_balance = VALUES(credits_balance),
    credits_held = VALUES(credits_held), view_version = VALUES(view_version), view_balance = VALUES(view_balance),
    view_held = VALUES(view_held), problems = VALUES(problems), repair = VALUES(repair);

  SELECT c.user_id, c.lagging_since, was.was
  FROM JSON_TABLE(in_checks, '$[*]' COLUMNS (
         user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId')) AS item
  JOIN account_checks AS c ON c.user_id = item.user_id
  LEFT JOIN JSON_TABLE(v_before, '$[*]' COLUMNS (
         user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
         was     VARCHAR(16) CHARACTER SET ascii PATH '$.was')) AS was ON was.user_id = item.user_id
  WHERE c.lagging_since IS NOT NULL OR was.was IS NOT NULL;
END
