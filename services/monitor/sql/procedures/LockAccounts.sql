-- NAME
--   LockAccounts - take what the monitor knows of these users, to change it
-- SYNOPSIS
--   CALL LockAccounts(in_user_ids)
-- PARAMETERS
--   in_user_ids  JSON array of user ids, each once
-- RETURNS
--   a row for each user, one that was unknown with version 0: user_id, version, missing, gap_since,
--   balance, membership_version
-- ERRORS
--   none of its own
-- LOCKS
--   the users' rows of accounts, in order of the user id
-- EXAMPLE
--   CALL LockAccounts('["alice", "bob"]');
CREATE PROCEDURE LockAccounts(IN in_user_ids JSON)
  MODIFIES SQL DATA
BEGIN
  INSERT INTO accounts (user_id)
  SELECT wanted.user_id
  FROM JSON_TABLE(in_user_ids, '$[*]' COLUMNS (
         user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$')) AS wanted
  LEFT JOIN accounts AS known ON known.user_id = wanted.user_id
  WHERE known.user_id IS NULL
  ORDER BY wanted.user_id
  ON DUPLICATE KEY UPDATE user_id = VALUES(user_id);

  SELECT a.user_id, a.version, a.missing, a.gap_since, a.balance, a.membership_version
  -- Only a join in this order takes the locks in it; an ORDER BY sorts rows that are locked already. The LIMIT keeps the
  -- derived table.
  FROM (SELECT item.user_id
        FROM JSON_TABLE(in_user_ids, '$[*]' COLUMNS (
               user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$')) AS item
        ORDER BY item.user_id
        LIMIT 100000) AS wanted
  STRAIGHT_JOIN accounts AS a ON a.user_id = wanted.user_id
  FOR UPDATE;
END
