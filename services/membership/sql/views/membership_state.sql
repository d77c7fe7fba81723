-- membership_state: each membership as stipend.membership.v1.Membership in proto-JSON. The one place that knows how
-- columns become the event; history and outbox both copy it. JSON_EXTRACT turns text into a JSON boolean on MySQL and
-- MariaDB alike: JSON_OBJECT alone would write 1 and 0, which proto-JSON refuses.
CREATE VIEW membership_state AS
SELECT m.membership_id, m.user_id, m.is_current, m.version, m.change_id,
       JSON_OBJECT(
         'membershipId', m.membership_id,
         'status', CONCAT('MEMBERSHIP_STATUS_', UPPER(m.status)),
         'cycle', CONCAT('MEMBERSHIP_CYCLE_', UPPER(m.cycle)),
         'terms', JSON_OBJECT(
           'tier', m.tier,
           'monthlyCredits', m.monthly_credits,
           'anchor', CONCAT('ALLOWANCE_ANCHOR_', UPPER(m.anchor)),
           'firstPeriod', CONCAT('FIRST_PERIOD_', UPPER(m.first_period)),
           'rolloverCap', m.rollover_cap,
           'onExpiry', CONCAT('ON_EXPIRY_', UPPER(m.on_expiry)),
           'rank', m.tier_rank),
         'pendingTerms', CASE WHEN m.pending_tier IS NULL THEN NULL ELSE JSON_OBJECT(
           'tier', m.pending_tier,
           'monthlyCredits', m.pending_monthly_credits,
           'anchor', CONCAT('ALLOWANCE_ANCHOR_', UPPER(m.pending_anchor)),
           'firstPeriod', CONCAT('FIRST_PERIOD_', UPPER(m.pending_first_period)),
           'rolloverCap', m.pending_rollover_cap,
           'onExpiry', CONCAT('ON_EXPIRY_', UPPER(m.pending_on_expiry)),
           'rank', m.pending_tier_rank) END,
         'pendingCycle', CONCAT('MEMBERSHIP_CYCLE_', UPPER(m.pending_cycle)),
         'startedAt', DATE_FORMAT(m.started_at, '%Y-%m-%dT%H:%i:%s.%fZ'),
         'currentPeriodStart', DATE_FORMAT(m.period_start, '%Y-%m-%dT%H:%i:%s.%fZ'),
         'currentPeriodEnd', DATE_FORMAT(m.period_end, '%Y-%m-%dT%H:%i:%s.%fZ'),
         'expiresAt', DATE_FORMAT(m.expires_at, '%Y-%m-%dT%H:%i:%s.%fZ'),
         'cancelAtPeriodEnd', JSON_EXTRACT(IF(m.cancel_at_period_end = 1, 'true', 'false'), '$'),
         'endedAt', DATE_FORMAT(m.ended_at, '%Y-%m-%dT%H:%i:%s.%fZ')) AS state
  FROM memberships m
