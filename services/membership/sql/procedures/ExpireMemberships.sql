/*
NAME
  ExpireMemberships: close memberships that have reached their end.

SYNOPSIS
  CALL ExpireMemberships(in_items, in_now)

PARAMETERS
  in_items JSON   at most one item a user, those of RecordMembershipChanges; change = expired (the fixed end came) or
                  cancelled (the period of a cancelled membership ended).
  in_now   DATETIME(3)  UTC

RETURNS
  A row for each item, see RecordMembershipChanges. Allowed for an active membership whose ends_at has come; ended_at is
  that moment, however late this runs.

ERRORS
  Those of RecordMembershipChanges.

LOCKS
  Call ClaimDueMemberships or LockMemberships first, in the same transaction.

EXAMPLE
  CALL ExpireMemberships('[{"userId":"alice","expectedVersion":2,"changeId":"…","change":"expired","actor":"system",
    "reason":"the agreed end came"}]', '2026-03-02 00:00:00.250')
*/
CREATE PROCEDURE ExpireMemberships(IN in_items JSON, IN in_now DATETIME(3))
MODIFIES SQL DATA
BEGIN
  UPDATE JSON_TABLE(in_items, '$[*]' COLUMNS (
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           expected_version BIGINT PATH '$.expectedVersion',
           change_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.changeId',
           change_kind VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.change')) i
    STRAIGHT_JOIN memberships m ON m.user_id = i.user_id AND i.change_kind IN ('expired', 'cancelled')
    STRAIGHT_JOIN users u ON u.user_id = m.user_id AND u.membership_version = i.expected_version
     SET m.version = i.expected_version + 1,
         m.change_id = i.change_id,
         m.status = i.change_kind,
         -- least of the two ends, not ends_at itself: that is computed from status, which this statement changes.
         m.ended_at = CASE WHEN m.cancel_at_period_end = 1 AND (m.expires_at IS NULL OR m.period_end < m.expires_at)
                           THEN m.period_end ELSE m.expires_at END,
         m.updated_at = in_now
   WHERE m.is_current = 1 AND m.status = 'active' AND m.ends_at <= in_now;

  CALL RecordMembershipChanges(in_items, in_now);
END
