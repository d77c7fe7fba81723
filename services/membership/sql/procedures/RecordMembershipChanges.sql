/*
NAME
  RecordMembershipChanges: the common end of every change: version, history, events, audit, kept answers.

SYNOPSIS
  CALL RecordMembershipChanges(in_items, in_now)

PARAMETERS
  in_items JSON   the items of the calling procedure, at most one a user:
    userId, expectedVersion, changeId   whose change, judged at which version, and its id (CHAR(36))
    change       started renewed upgraded downgrade_scheduled downgraded cycle_changed cycle_change_scheduled
                 cancel_scheduled resumed cancelled expired ended extended, or
                 unchanged (what was asked for is already so: nothing changes, the request is still recorded)
    actor, reason
    traceparent? of the request, so that its trace goes on behind the outbox
    admin?       {id, roles, action, before, after, ip, userAgent, requestId, traceId}: an admin asked for it;
                 before and after are JSON texts
    request?     {operation, key, hash, response}: answer this to a copy of the request
  in_now   DATETIME(3)  UTC

RETURNS
  A row for each item, in order: idx (from 0), user_id, version (after), outcome:
    changed | unchanged | unknown_user | version_conflict | transition_not_allowed

  An item has taken effect when the current membership of its user carries its changeId; only such items (and unchanged
  ones) are recorded.

ERRORS
  1062 on a changeId or request key that was used before: the caller's transaction must be rolled back.

LOCKS
  The caller holds those of LockMemberships or ClaimDueMemberships.

EXAMPLE
  Called by SetMembership, CancelMembership, ResumeMembership, EndMembership, RenewMemberships, ExpireMemberships.
*/
CREATE PROCEDURE RecordMembershipChanges(IN in_items JSON, IN in_now DATETIME(3))
MODIFIES SQL DATA
BEGIN
  -- STRAIGHT_JOIN from the items, here and wherever rows are written: a small table the optimiser would rather scan, and
  -- so wait for every row that somebody else has locked.
  UPDATE JSON_TABLE(in_items, '$[*]' COLUMNS (
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           expected_version BIGINT PATH '$.expectedVersion',
           change_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.changeId')) i
    STRAIGHT_JOIN users u ON u.user_id = i.user_id
    STRAIGHT_JOIN memberships m ON m.user_id = u.user_id AND m.is_current = 1 AND m.change_id = i.change_id
     SET u.membership_version = m.version
   WHERE u.membership_version = i.expected_version;

  INSERT INTO membership_history
    (user_id, version, change_id, membership_id, change_kind, actor, reason, state, occurred_at)
  SELECT STRAIGHT_JOIN s.user_id, s.version, s.change_id, s.membership_id, i.change_kind, i.actor, i.reason, s.state, in_now
    FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           change_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.changeId',
           change_kind VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.change',
           actor VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.actor',
           reason VARCHAR(1000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.reason')) i
    JOIN membership_state s ON s.user_id = i.user_id AND s.is_current = 1 AND s.change_id = i.change_id
   WHERE i.change_kind <> 'unchanged';

  INSERT INTO outbox (event_id, topic, type, subject, occurred_at, payload, traceparent)
  SELECT STRAIGHT_JOIN h.change_id, 'membership.v1', 'stipend.membership.v1.MembershipChanged', h.user_id, in_now,
         JSON_OBJECT(
           'userId', h.user_id,
           'version', h.version,
           'change', CONCAT('MEMBERSHIP_CHANGE_', UPPER(h.change_kind)),
           'membership', JSON_EXTRACT(h.state, '$'),
           'actor', h.actor,
           'reason', h.reason,
           'occurredAt', DATE_FORMAT(in_now, '%Y-%m-%dT%H:%i:%s.%fZ')),
         i.traceparent
    FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
           ord FOR ORDINALITY,
           change_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.changeId',
           traceparent VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.traceparent')) i
    JOIN membership_history h ON h.change_id = i.change_id
   ORDER BY i.ord;

  INSERT INTO outbox (event_id, topic, type, subject, occurred_at, payload, traceparent)
  SELECT STRAIGHT_JOIN i.audit_id, 'admin.v1', 'stipend.admin.v1.AdminActionRecorded', i.user_id, in_now,
         JSON_OBJECT(
           'id', i.audit_id,
           'service', 'membership',
           'actor', i.actor,
           'roles', JSON_EXTRACT(i.roles, '$'),
           'action', i.action,
           'target', i.user_id,
           'outcome', 'succeeded',
           'reason', i.reason,
           'before', COALESCE(i.state_before, ''),
           'after', COALESCE(i.state_after, ''),
           'ip', COALESCE(i.ip, ''),
           'userAgent', COALESCE(i.user_agent, ''),
           'requestId', COALESCE(i.request_id, ''),
           'traceId', COALESCE(i.trace_id, ''),
           'occurredAt', DATE_FORMAT(in_now, '%Y-%m-%dT%H:%i:%s.%fZ')),
         i.traceparent
    FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
           ord FOR ORDINALITY,
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           change_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.changeId',
           change_kind VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.change',
           actor VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.actor',
           reason VARCHAR(1000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.reason',
           traceparent VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.traceparent',
           audit_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.admin.id',
           roles JSON PATH '$.admin.roles',
           action VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.admin.action',
           state_before TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.admin.before',
           state_after TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.admin.after',
           ip VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.admin.ip',
           user_agent VARCHAR(1000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.admin.userAgent',
           request_id VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.admin.requestId',
           trace_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.admin.traceId')) i
    LEFT JOIN membership_history h ON h.change_id = i.change_id
   WHERE i.audit_id IS NOT NULL AND (h.change_id IS NOT NULL OR i.change_kind = 'unchanged')
   ORDER BY i.ord;

  INSERT INTO membership_requests (user_id, operation, request_key, request_hash, response, created_at)
  SELECT STRAIGHT_JOIN i.user_id, i.operation, i.request_key, i.request_hash, JSON_EXTRACT(i.response, '$'), in_now
    FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           change_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.changeId',
           change_kind VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.change',
           operation VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.request.operation',
           request_key VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin PATH '$.request.key',
           request_hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.request.hash',
           response JSON PATH '$.request.response')) i
    LEFT JOIN membership_history h ON h.change_id = i.change_id
   WHERE i.request_key IS NOT NULL AND (h.change_id IS NOT NULL OR i.change_kind = 'unchanged');

  SELECT STRAIGHT_JOIN i.ord - 1 AS idx, i.user_id, u.membership_version AS version,
         CASE WHEN h.change_id IS NOT NULL THEN 'changed'
              WHEN i.change_kind = 'unchanged' THEN 'unchanged'
              WHEN u.user_id IS NULL THEN 'unknown_user'
              WHEN u.membership_version <> i.expected_version THEN 'version_conflict'
              ELSE 'transition_not_allowed' END AS outcome
    FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
           ord FOR ORDINALITY,
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           expected_version BIGINT PATH '$.expectedVersion',
           change_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.changeId',
           change_kind VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.change')) i
    LEFT JOIN users u ON u.user_id = i.user_id
    LEFT JOIN membership_history h ON h.change_id = i.change_id AND h.user_id = i.user_id
   ORDER BY i.ord;
END
