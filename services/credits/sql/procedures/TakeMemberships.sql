-- NAME
--   TakeMemberships: hands out the news of memberships that wait, and lets go of them.
-- SYNOPSIS
--   CALL TakeMemberships(in_user_ids);
-- PARAMETERS
--   in_user_ids  array of at most 1,000 user ids, sorted
-- RETURNS
--   user_id, version, state, occurred_at, traceparent, received_at of all that waits of these users; what still has to wait is kept again by the caller
-- ERRORS
--   1213, 1205 as every locking statement: roll back and try again.
-- LOCKS
--   The rows it returns. Call ClaimAccounts first, in the same transaction: what waits of an account changes only under its lock.
-- EXAMPLE
--   CALL TakeMemberships('["alice", "bob"]');
CREATE PROCEDURE TakeMemberships(IN in_user_ids JSON)
BEGIN
  SELECT w.user_id, w.version, w.state, w.occurred_at, w.traceparent, w.received_at
    FROM JSON_TABLE(in_user_ids, '$[*]' COLUMNS (user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$')) o
    STRAIGHT_JOIN membership_waiting w ON w.user_id = o.user_id;
  DELETE w
    FROM JSON_TABLE(in_user_ids, '$[*]' COLUMNS (user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$')) o
    STRAIGHT_JOIN membership_waiting w ON w.user_id = o.user_id;
END
