/*
NAME
  LockMemberships: lock users and their current memberships, and read them.

SYNOPSIS
  CALL LockMemberships(in_user_ids)

PARAMETERS
  in_user_ids JSON   ["alice", …], 1 to 1,000, sorted in byte order: the locks are taken in this order.

RETURNS
  A row, with the columns of membership_current, for each user that exists; a user who was never a member has NULL in the columns of the
  membership. Unknown users have no row.

ERRORS
  1213, 1205 as any lock: roll back and try again.

LOCKS
  Each users row, then its current memberships row, exclusively, until the transaction ends. Every change of a
  membership begins here, so changes of one user happen one after the other.

EXAMPLE
  CALL LockMemberships('["alice"]')
*/
CREATE PROCEDURE LockMemberships(IN in_user_ids JSON)
READS SQL DATA
BEGIN
  SELECT STRAIGHT_JOIN u.user_id, u.user_no, u.membership_version,
         m.membership_id, m.status, m.cycle,
         m.tier, m.monthly_credits, m.tier_rank, m.anchor, m.first_period, m.rollover_cap, m.on_expiry,
         m.pending_tier, m.pending_monthly_credits, m.pending_tier_rank, m.pending_anchor, m.pending_first_period,
         m.pending_rollover_cap, m.pending_on_expiry, m.pending_cycle,
         m.started_at, m.period_start, m.period_end, m.expires_at, m.cancel_at_period_end, m.ended_at,
         m.due_at, m.ends_at
    -- The LIMIT keeps the derived table, and with it the order in which the locks are taken; MySQL also refuses to lock
    -- a query with JSON_TABLE at its top.
    FROM (SELECT j.user_id
            FROM JSON_TABLE(in_user_ids, '$[*]' COLUMNS (
                   user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$')) j
           ORDER BY j.user_id
           LIMIT 1000) i
    JOIN users u ON u.user_id = i.user_id
    LEFT JOIN memberships m ON m.user_id = u.user_id AND m.is_current = 1
     FOR UPDATE;
END
