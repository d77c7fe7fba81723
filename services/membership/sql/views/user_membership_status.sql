-- user_membership_status: users ⋈ current membership ⋈ the balance as the credits events told it, with its version.
-- tier and monthly_credits are what the user has now (NULL without an active membership); last_tier and
-- agreed_credits what the newest membership had. The membership_* columns are bare, so that filters and orders on them
-- can use an index. balance_version 0: credits has not told of it yet.
CREATE VIEW user_membership_status AS
SELECT u.user_id, u.user_no, u.email, u.name, u.first_seen_at, u.membership_version,
       CASE WHEN m.status = 'active' THEN m.tier END AS tier,
       COALESCE(m.status, 'none') AS status,
       CASE WHEN m.status = 'active' THEN m.monthly_credits END AS monthly_credits,
       m.membership_id, m.cycle,
       m.tier AS last_tier, m.monthly_credits AS agreed_credits,
       m.tier_rank, m.anchor, m.first_period, m.rollover_cap, m.on_expiry,
       m.pending_tier, m.pending_monthly_credits, m.pending_tier_rank, m.pending_anchor, m.pending_first_period,
       m.pending_rollover_cap, m.pending_on_expiry, m.pending_cycle,
       m.started_at, m.period_start, m.period_end, m.expires_at, m.cancel_at_period_end, m.ended_at,
       m.due_at, m.ends_at,
       m.user_no AS membership_user_no, m.status AS membership_status, m.tier AS membership_tier,
       b.balance, b.held, b.version AS balance_version, b.account_status,
       b.told_at AS balance_told_at
  FROM users u
  LEFT JOIN memberships m ON m.user_id = u.user_id AND m.is_current = 1
  JOIN member_balances b ON b.user_id = u.user_id
