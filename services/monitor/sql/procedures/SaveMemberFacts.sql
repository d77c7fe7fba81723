-- NAME
--   SaveMemberFacts - keep what the events told of memberships and allowances, and when to look at them
-- SYNOPSIS
--   CALL SaveMemberFacts(in_terms, in_allowances, in_inspect)
-- PARAMETERS
--   in_terms       JSON array of {userId, version, at, fact (JSON as text)}: a version of a membership
--   in_allowances  JSON array of {userId, version, at, fact (JSON as text)}: a ledger row that gave an allowance
--   in_inspect     JSON array, each user once, of {userId, at}: look not later than this; times 'YYYY-MM-DD HH:MM:SS.mmm' in UTC
-- RETURNS
--   nothing
-- ERRORS
--   none of its own; a version that is there already stays as it is
-- LOCKS
--   the rows it inserts, in order of their key; the users' rows of accounts (call LockAccounts first)
-- EXAMPLE
--   CALL SaveMemberFacts('[]', '[{"userId": "alice", "version": 3, "at": "2026-02-01 00:00:00.000", "fact": "{}"}]',
--     '[{"userId": "alice", "at": "2026-02-01 00:01:00.000"}]');
CREATE PROCEDURE SaveMemberFacts(IN in_terms JSON, IN in_allowances JSON, IN in_inspect JSON)
  MODIFIES SQL DATA
BEGIN
  INSERT INTO member_terms (user_id, version, at, fact)
  SELECT item.user_id, item.version, item.at, item.fact
  FROM JSON_TABLE(in_terms, '$[*]' COLUMNS (
         user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
         version BIGINT PATH '$.version',
         at      DATETIME(3) PATH '$.at',
         fact    MEDIUMTEXT CHARACTER SET utf8mb4 PATH '$.fact')) AS item
  ORDER BY item.user_id, item.version
  ON DUPLICATE KEY UPDATE version = member_terms.version;

  INSERT INTO member_allowances (user_id, version, at, fact)
  SELECT item.user_id, item.version, item.at, item.fact
  FROM JSON_TABLE(in_allowances, '$[*]' COLUMNS (
         user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
         version BIGINT PATH '$.version',
         at      DATETIME(3) PATH '$.at',
         fact    MEDIUMTEXT CHARACTER SET utf8mb4 PATH '$.fact')) AS item
  ORDER BY item.user_id, item.version
  ON DUPLICATE KEY UPDATE version = member_allowances.version;

  UPDATE accounts AS a
  JOIN JSON_TABLE(in_inspect, '$[*]' COLUMNS (
         user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
         at      DATETIME(3) PATH '$.at')) AS item ON item.user_id = a.user_id
  SET a.inspect_at = CASE WHEN a.inspect_at IS NULL OR item.at < a.inspect_at THEN item.at ELSE a.inspect_at END;
END
