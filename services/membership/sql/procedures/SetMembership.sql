/*
NAME
  SetMembership: create a membership, or change tier, cycle, end of the one there is.

SYNOPSIS
  CALL SetMembership(in_items, in_now)

PARAMETERS
  in_items JSON   at most one item a user; those of RecordMembershipChanges (see there) and the whole new state:
    membershipId           of the new membership when change = started, else of the current one
    cycle                  monthly | yearly
    terms                  {tier, monthlyCredits, rank, anchor, firstPeriod, rolloverCap, onExpiry}
    pendingTerms?, pendingCycle?   what takes over at periodEnd
    startedAt, periodStart, periodEnd, expiresAt?   UTC, 'YYYY-MM-DD hh:mm:ss.mmm'
    cancelAtPeriodEnd      0 | 1
    endChanged             1 when the agreed end is another one than before (reminders count from that moment), else 0
    change = started                for a user without an active membership: an ended one becomes history, a new row begins
    change = unchanged              nothing is written but the audit event and the kept answer
    any other change                the active membership takes the new state in place
  in_now   DATETIME(3)  UTC

RETURNS
  A row for each item, see RecordMembershipChanges.

ERRORS
  1062 when two items start a membership of one user. Check constraints: a period that does not go forward.

LOCKS
  Call LockMemberships first, in the same transaction. An item judged at another version has no effect.

EXAMPLE
  CALL SetMembership('[{"userId":"alice","expectedVersion":0,"changeId":"…","change":"started","membershipId":"…",
    "cycle":"monthly","terms":{"tier":"pro","monthlyCredits":250,"rank":20,"anchor":"calendar","firstPeriod":"full",
    "rolloverCap":0,"onExpiry":"keep"},"startedAt":"2026-01-31 10:00:00.000","periodStart":"2026-01-31 10:00:00.000",
    "periodEnd":"2026-02-28 10:00:00.000","cancelAtPeriodEnd":0,"endChanged":0,"actor":"root","reason":"paid by invoice"}]',
    '2026-01-31 10:00:00.000')
*/
CREATE PROCEDURE SetMembership(IN in_items JSON, IN in_now DATETIME(3))
MODIFIES SQL DATA
BEGIN
  UPDATE JSON_TABLE(in_items, '$[*]' COLUMNS (
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           expected_version BIGINT PATH '$.expectedVersion',
           change_kind VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.change')) i
    STRAIGHT_JOIN memberships m ON m.user_id = i.user_id AND i.change_kind = 'started'
    STRAIGHT_JOIN users u ON u.user_id = m.user_id AND u.membership_version = i.expected_version
     SET m.is_current = NULL
   WHERE m.is_current = 1 AND m.status <> 'active';

  INSERT INTO memberships
    (membership_id, user_id, user_no, is_current, version, change_id, status, cycle,
     tier, monthly_credits, tier_rank, anchor, first_period, rollover_cap, on_expiry,
     started_at, period_start, period_end, expires_at, cancel_at_period_end, end_agreed_at, updated_at)
  SELECT i.membership_id, u.user_id, u.user_no, 1, i.expected_version + 1, i.change_id, 'active', i.cycle,
         i.tier, i.monthly_credits, i.tier_rank, i.anchor, i.first_period, i.rollover_cap, i.on_expiry,
         i.started_at, i.period_start, i.period_end, i.expires_at, 0,
         CASE WHEN i.expires_at IS NULL THEN NULL ELSE in_now END, in_now
    FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           expected_version BIGINT PATH '$.expectedVersion',
           change_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.changeId',
           change_kind VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.change',
           membership_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.membershipId',
           cycle VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.cycle',
           tier VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.terms.tier',
           monthly_credits BIGINT PATH '$.terms.monthlyCredits',
           tier_rank INT PATH '$.terms.rank',
           anchor VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.terms.anchor',
           first_period VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.terms.firstPeriod',
           rollover_cap BIGINT PATH '$.terms.rolloverCap',
           on_expiry VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.terms.onExpiry',
           started_at DATETIME(3) PATH '$.startedAt',
           period_start DATETIME(3) PATH '$.periodStart',
           period_end DATETIME(3) PATH '$.periodEnd',
           expires_at DATETIME(3) PATH '$.expiresAt')) i
    JOIN users u ON u.user_id = i.user_id AND u.membership_version = i.expected_version
    LEFT JOIN memberships c ON c.user_id = u.user_id AND c.is_current = 1
   WHERE i.change_kind = 'started' AND c.user_id IS NULL;

  UPDATE JSON_TABLE(in_items, '$[*]' COLUMNS (
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           expected_version BIGINT PATH '$.expectedVersion',
           change_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.changeId',
           change_kind VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.change',
           membership_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.membershipId',
           cycle VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.cycle',
           tier VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.terms.tier',
           monthly_credits BIGINT PATH '$.terms.monthlyCredits',
           tier_rank INT PATH '$.terms.rank',
           anchor VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.terms.anchor',
           first_period VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.terms.firstPeriod',
           rollover_cap BIGINT PATH '$.terms.rolloverCap',
           on_expiry VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.terms.onExpiry',
           pending_tier VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.pendingTerms.tier',
           pending_monthly_credits BIGINT PATH '$.pendingTerms.monthlyCredits',
           pending_tier_rank INT PATH '$.pendingTerms.rank',
           pending_anchor VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.pendingTerms.anchor',
           pending_first_period VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.pendingTerms.firstPeriod',
           pending_rollover_cap BIGINT PATH '$.pendingTerms.rolloverCap',
           pending_on_expiry VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.pendingTerms.onExpiry',
           pending_cycle VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.pendingCycle',
           period_start DATETIME(3) PATH '$.periodStart',
           period_end DATETIME(3) PATH '$.periodEnd',
           expires_at DATETIME(3) PATH '$.expiresAt',
           cancel_at_period_end TINYINT PATH '$.cancelAtPeriodEnd',
           end_changed TINYINT PATH '$.endChanged')) i
    STRAIGHT_JOIN memberships m ON m.user_id = i.user_id AND i.membership_id = m.membership_id
    STRAIGHT_JOIN users u ON u.user_id = m.user_id AND u.membership_version = i.expected_version
     SET m.version = i.expected_version + 1,
         m.change_id = i.change_id,
         m.cycle = i.cycle,
         m.tier = i.tier,
         m.monthly_credits = i.monthly_credits,
         m.tier_rank = i.tier_rank,
         m.anchor = i.anchor,
         m.first_period = i.first_period,
         m.rollover_cap = i.rollover_cap,
         m.on_expiry = i.on_expiry,
         m.pending_tier = i.pending_tier,
         m.pending_monthly_credits = i.pending_monthly_credits,
         m.pending_tier_rank = i.pending_tier_rank,
         m.pending_anchor = i.pending_anchor,
         m.pending_first_period = i.pending_first_period,
         m.pending_rollover_cap = i.pending_rollover_cap,
         m.pending_on_expiry = i.pending_on_expiry,
         m.pending_cycle = i.pending_cycle,
         m.period_start = i.period_start,
         m.period_end = i.period_end,
         m.expires_at = i.expires_at,
         m.cancel_at_period_end = i.cancel_at_period_end,
         m.end_agreed_at = CASE WHEN i.end_changed = 1 THEN in_now ELSE m.end_agreed_at END,
         m.updated_at = in_now
   WHERE m.is_current = 1 AND m.status = 'active' AND i.change_kind NOT IN ('started', 'unchanged');

  CALL RecordMembershipChanges(in_items, in_now);
END
