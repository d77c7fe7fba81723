-- NAME
--   LedgerUsers: reads an array of user ids into w_user. Internal.
-- SYNOPSIS
--   CALL LedgerUsers(in_user_ids);
CREATE PROCEDURE LedgerUsers(IN in_user_ids JSON)
BEGIN
  INSERT INTO w_user (user_id)
  SELECT DISTINCT user_id
    FROM JSON_TABLE(in_user_ids, '$[*]' COLUMNS (user_id VARCHAR(129) CHARACTER SET ascii COLLATE ascii_bin PATH '$')) o
   WHERE CHAR_LENGTH(user_id) BETWEEN 1 AND 128;
END
