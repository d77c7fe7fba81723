-- membership_current: every user with the current membership, if any: what the rules are judged on. LockMemberships
-- and ClaimDueMemberships give the same columns, locked.
CREATE VIEW membership_current AS
SELECT u.user_id, u.user_no, u.membership_version,
       m.membership_id, m.status, m.cycle,
       m.tier, m.monthly_credits, m.tier_rank, m.anchor, m.first_period, m.rollover_cap, m.on_expiry,
       m.pending_tier, m.pending_monthly_credits, m.pending_tier_rank, m.pending_anchor, m.pending_first_period,
       m.pending_rollover_cap, m.pending_on_expiry, m.pending_cycle,
       m.started_at, m.period_start, m.period_end, m.expires_at, m.cancel_at_period_end, m.ended_at,
       m.due_at, m.ends_at
  FROM users u
  LEFT JOIN memberships m ON m.user_id = u.user_id AND m.is_current = 1
