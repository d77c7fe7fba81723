/*
NAME
  ResumeMembership: take back a cancellation before it takes effect.

SYNOPSIS
  CALL ResumeMembership(in_items, in_now)

PARAMETERS
  in_items JSON   at most one item a user, those of RecordMembershipChanges; change = resumed, or unchanged when
                  nothing was cancelled.
  in_now   DATETIME(3)  UTC

RETURNS
  A row for each item, see RecordMembershipChanges. Allowed for an active membership that is cancelled and whose period
  has not ended. A fixed end (expires_at) and a scheduled downgrade stay.

ERRORS
  Those of RecordMembershipChanges.

LOCKS
  Call LockMemberships first, in the same transaction.

EXAMPLE
  CALL ResumeMembership('[{"userId":"alice","expectedVersion":4,"changeId":"…","change":"resumed","actor":"alice",
    "reason":"by the member"}]', '2026-02-04 09:00:00.000')
*/
CREATE PROCEDURE ResumeMembership(IN in_items JSON, IN in_now DATETIME(3))
MODIFIES SQL DATA
BEGIN
  UPDATE JSON_TABLE(in_items, '$[*]' COLUMNS (
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           expected_version BIGINT PATH '$.expectedVersion',
           change_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.changeId',
           change_kind VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.change')) i
    STRAIGHT_JOIN memberships m ON m.user_id = i.user_id
    STRAIGHT_JOIN users u ON u.user_id = m.user_id AND u.membership_version = i.expected_version
     SET m.version = i.expected_version + 1,
         m.change_id = i.change_id,
         m.cancel_at_period_end = 0,
         m.end_agreed_at = CASE WHEN m.expires_at IS NULL THEN NULL ELSE in_now END,
         m.updated_at = in_now
   WHERE i.change_kind = 'resumed'
     AND m.is_current = 1 AND m.status = 'active' AND m.cancel_at_period_end = 1 AND m.period_end > in_now;

  CALL RecordMembershipChanges(in_items, in_now);
END
