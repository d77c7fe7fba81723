-- NAME
--   PlanInspections - when the memberships of these users have to be looked at again
-- SYNOPSIS
--   CALL PlanInspections(in_items)
-- PARAMETERS
--   in_items  JSON array, each user once, of {userId, at 'YYYY-MM-DD HH:MM:SS.mmm'|null}; null: not before it changes
-- RETURNS
--   nothing
-- ERRORS
--   none of its own
-- LOCKS
--   the users' rows of accounts (call LockAccounts first, in the same transaction)
-- EXAMPLE
--   CALL PlanInspections('[{"userId": "alice", "at": "2026-03-01 06:00:00.000"}]');
CREATE PROCEDURE PlanInspections(IN in_items JSON)
  MODIFIES SQL DATA
BEGIN
  UPDATE accounts AS a
  JOIN JSON_TABLE(in_items, '$[*]' COLUMNS (
         user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
         at      DATETIME(3) PATH '$.at')) AS item ON item.user_id = a.user_id
  SET a.inspect_at = item.at;
END
