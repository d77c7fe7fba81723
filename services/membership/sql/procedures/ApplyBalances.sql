/*
NAME
  ApplyBalances: take over balances as the credits events told them, forward by version only.

SYNOPSIS
  CALL ApplyBalances(in_items, in_now)

PARAMETERS
  in_items JSON   [{"userId", "version", "balance", "held", "status": "active"|"frozen"}], 1 to 1,000; a user may occur
                  several times, the highest version counts.
  in_now   DATETIME(3)  UTC

RETURNS
  user_id of each user that does not exist yet: nothing was kept for it. SeeUsers, then call again.

  An older version than the stored one changes nothing, so events may come twice, late and in any order.

ERRORS
  1213, 1205 as any lock: roll back and try again.

LOCKS
  The rows of the named users in member_balances, in the order of the user ids.

EXAMPLE
  CALL ApplyBalances('[{"userId":"alice","version":7,"balance":249,"held":0,"status":"active"}]',
    '2026-02-05 09:00:00.000')
*/
CREATE PROCEDURE ApplyBalances(IN in_items JSON, IN in_now DATETIME(3))
MODIFIES SQL DATA
BEGIN
  UPDATE (
      SELECT j.*, ROW_NUMBER() OVER (PARTITION BY j.user_id ORDER BY j.version DESC) AS place
        FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
               user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
               version BIGINT PATH '$.version',
               balance BIGINT PATH '$.balance',
               held BIGINT PATH '$.held',
               account_status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.status')) j
       ORDER BY j.user_id
       LIMIT 1000) i
    STRAIGHT_JOIN member_balances b ON b.user_id = i.user_id
     SET b.balance = i.balance,
         b.held = i.held,
         b.account_status = i.account_status,
         b.version = i.version,
         b.told_at = in_now
   WHERE i.place = 1 AND i.version > b.version;

  SELECT DISTINCT i.user_id
    FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId')) i
    LEFT JOIN member_balances b ON b.user_id = i.user_id
   WHERE b.user_id IS NULL;
END
