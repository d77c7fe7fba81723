/*
NAME
  ClaimDueMemberships: lock the memberships to which something is due, and read them.

SYNOPSIS
  CALL ClaimDueMemberships(in_now, in_limit)

PARAMETERS
  in_now   DATETIME(3)  UTC
  in_limit INT          1 to 1,000

RETURNS
  Up to in_limit rows of membership_current, the longest due first. Fewer than in_limit: the rest, if there is any, is
  being worked on by others.

ERRORS
  None.

LOCKS
  The rows it returns (users and memberships), exclusively. Rows that somebody else has locked are skipped, so that
  many instances work side by side and nothing is done twice.

EXAMPLE
  CALL ClaimDueMemberships('2026-02-28 10:00:00.000', 500)
*/
CREATE PROCEDURE ClaimDueMemberships(IN in_now DATETIME(3), IN in_limit INT)
READS SQL DATA
BEGIN
  SELECT STRAIGHT_JOIN u.user_id, u.user_no, u.membership_version,
         m.membership_id, m.status, m.cycle,
         m.tier, m.monthly_credits, m.tier_rank, m.anchor, m.first_period, m.rollover_cap, m.on_expiry,
         m.pending_tier, m.pending_monthly_credits, m.pending_tier_rank, m.pending_anchor, m.pending_first_period,
         m.pending_rollover_cap, m.pending_on_expiry, m.pending_cycle,
         m.started_at, m.period_start, m.period_end, m.expires_at, m.cancel_at_period_end, m.ended_at,
         m.due_at, m.ends_at
    FROM memberships m
    JOIN users u ON u.user_id = m.user_id
   WHERE m.due_at <= in_now
   ORDER BY m.due_at
   LIMIT in_limit
     FOR UPDATE SKIP LOCKED;
END
