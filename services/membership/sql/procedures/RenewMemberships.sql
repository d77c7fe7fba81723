/*
NAME
  RenewMemberships: move memberships whose period has ended into the period that holds now.

SYNOPSIS
  CALL RenewMemberships(in_items, in_now)

PARAMETERS
  in_items JSON   at most one item a user, those of RecordMembershipChanges, and
    periodStart, periodEnd   the new period, UTC; computed by the caller, who knows time zones. After a downtime it may
                             lie several periods ahead: one change, not one for each.
    change = renewed, downgraded (scheduled terms took over) or cycle_changed (a scheduled cycle took over)
  in_now   DATETIME(3)  UTC

RETURNS
  A row for each item, see RecordMembershipChanges. Allowed for an active, not cancelled membership whose period has
  ended before its fixed end, if there is one; a renewal of something that ended answers transition_not_allowed. The
  new period holds in_now or the fixed end, whichever comes first. Scheduled terms and cycle, if any, take over.

ERRORS
  Those of RecordMembershipChanges.

LOCKS
  Call ClaimDueMemberships or LockMemberships first, in the same transaction.

EXAMPLE
  CALL RenewMemberships('[{"userId":"alice","expectedVersion":1,"changeId":"…","change":"renewed",
    "periodStart":"2026-02-28 10:00:00.000","periodEnd":"2026-03-31 10:00:00.000","actor":"system",
    "reason":"period ended"}]', '2026-02-28 10:00:00.412')
*/
CREATE PROCEDURE RenewMemberships(IN in_items JSON, IN in_now DATETIME(3))
MODIFIES SQL DATA
BEGIN
  UPDATE JSON_TABLE(in_items, '$[*]' COLUMNS (
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           expected_version BIGINT PATH '$.expectedVersion',
           change_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.changeId',
           period_start DATETIME(3) PATH '$.periodStart',
           period_end DATETIME(3) PATH '$.periodEnd')) i
    STRAIGHT_JOIN memberships m ON m.user_id = i.user_id
    STRAIGHT_JOIN users u ON u.user_id = m.user_id AND u.membership_version = i.expected_version
     SET m.version = i.expected_version + 1,
         m.change_id = i.change_id,
         m.cycle = COALESCE(m.pending_cycle, m.cycle),
         m.tier = COALESCE(m.pending_tier, m.tier),
         m.monthly_credits = COALESCE(m.pending_monthly_credits, m.monthly_credits),
         m.tier_rank = COALESCE(m.pending_tier_rank, m.tier_rank),
         m.anchor = COALESCE(m.pending_anchor, m.anchor),
         m.first_period = COALESCE(m.pending_first_period, m.first_period),
         m.rollover_cap = COALESCE(m.pending_rollover_cap, m.rollover_cap),
         m.on_expiry = COALESCE(m.pending_on_expiry, m.on_expiry),
         m.period_start = i.period_start,
         m.period_end = i.period_end,
         m.updated_at = in_now
   WHERE m.is_current = 1 AND m.status = 'active' AND m.cancel_at_period_end = 0
     AND m.period_end <= in_now AND (m.expires_at IS NULL OR m.expires_at > m.period_end)
     AND i.period_start >= m.period_end AND (i.period_end > in_now OR i.period_end >= m.expires_at);

  -- A statement of its own: the order in which one UPDATE over several tables assigns its columns is not promised.
  UPDATE JSON_TABLE(in_items, '$[*]' COLUMNS (
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           change_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.changeId')) i
    STRAIGHT_JOIN memberships m ON m.user_id = i.user_id AND i.change_id = m.change_id
     SET m.pending_tier = NULL, m.pending_monthly_credits = NULL, m.pending_tier_rank = NULL, m.pending_anchor = NULL,
         m.pending_first_period = NULL, m.pending_rollover_cap = NULL, m.pending_on_expiry = NULL,
         m.pending_cycle = NULL
   WHERE m.is_current = 1 AND (m.pending_tier IS NOT NULL OR m.pending_cycle IS NOT NULL);

  CALL RecordMembershipChanges(in_items, in_now);
END
