/*
NAME
  FindMembershipRequests: the answers that were given to requests with these idempotency keys.

SYNOPSIS
  CALL FindMembershipRequests(in_items)

PARAMETERS
  in_items JSON   [{"userId", "operation", "key"}], 1 to 1,000

RETURNS
  user_id, operation, request_key, request_hash, response (JSON) of each that is known; the others have no row.

ERRORS
  None.

LOCKS
  None. Call it after LockMemberships: a concurrent copy of the request has then either committed or not begun.

EXAMPLE
  CALL FindMembershipRequests('[{"userId":"alice","operation":"membership.set","key":"order-17"}]')
*/
CREATE PROCEDURE FindMembershipRequests(IN in_items JSON)
READS SQL DATA
BEGIN
  SELECT r.user_id, r.operation, r.request_key, r.request_hash, r.response
    FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           operation VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.operation',
           request_key VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin PATH '$.key')) i
    JOIN membership_requests r
      ON r.user_id = i.user_id AND r.operation = i.operation AND r.request_key = i.request_key;
END
