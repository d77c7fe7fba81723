-- NAME
--   ReadMemberFacts - all that is known of the memberships and allowances of these users
-- SYNOPSIS
--   CALL ReadMemberFacts(in_user_ids, in_now)
-- PARAMETERS
--   in_user_ids  JSON array of user ids, each once
--   in_now       UTC
-- RETURNS
--   a row for each user whose inspection is due: user_id, terms and allowances (JSON arrays of facts, unordered; NULL:
--   none)
-- ERRORS
--   none of its own
-- LOCKS
--   none; call LockAccounts first, so that nothing is added meanwhile
-- EXAMPLE
--   CALL ReadMemberFacts('["alice"]', '2026-02-01 00:01:00.000');
CREATE PROCEDURE ReadMemberFacts(IN in_user_ids JSON, IN in_now DATETIME(3))
  READS SQL DATA
BEGIN
  SELECT a.user_id,
         (SELECT JSON_ARRAYAGG(t.fact) FROM member_terms AS t WHERE t.user_id = a.user_id) AS terms,
         (SELECT JSON_ARRAYAGG(m.fact) FROM member_allowances AS m WHERE m.user_id = a.user_id) AS allowances
  FROM JSON_TABLE(in_user_ids, '$[*]' COLUMNS (
         user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$')) AS item
  JOIN accounts AS a ON a.user_id = item.user_id
  WHERE a.inspect_at <= in_now;
END
