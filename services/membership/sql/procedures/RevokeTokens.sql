/*
NAME
  RevokeTokens: remember that tokens are to be refused, or make what is remembered last longer; never shorter.

SYNOPSIS
  CALL RevokeTokens(in_items, in_most, in_real_now, in_now)

PARAMETERS
  in_items    JSON  at most one item a subject, 1 to 1,000:
    kind            user (all its tokens issued by issuedUntil) | token (the one with this jti)
    subject         the user id, or the jti
    issuedUntil, standsUntil   DATETIME(3), UTC by the real clock
    revocationId    CHAR(36), new for each act
    reason
    admin           {id, actor, roles, ip, userAgent, requestId, traceId}
    traceparent?
  in_most     BIGINT       rows kept at most; new subjects beyond it are refused
  in_real_now DATETIME(3)  UTC by the real clock: rows that ran out by then are deleted, 1,000 a call
  in_now      DATETIME(3)  UTC: the time of the audit log

RETURNS
  A row for each item, in order: idx, outcome revoked | full, and of what stands now: kind, subject, seq, issued_until,
  stands_until, revocation_id, actor, reason, revoked_at

ERRORS
  1213, 1205 as any lock: roll back and try again.

LOCKS
  The row of revocation_head, before everything else and until the commit: one writer at a time.

EXAMPLE
  CALL RevokeTokens('[{"kind":"user","subject":"alice","issuedUntil":"2026-02-05 09:00:00.000",
    "standsUntil":"2026-03-07 09:00:00.000","revocationId":"…","reason":"laptop stolen","admin":{…}}]', 100000,
    '2026-02-05 09:00:00.000', '2026-02-05 09:00:00.000')
*/
CREATE PROCEDURE RevokeTokens(
  IN in_items JSON, IN in_most BIGINT, IN in_real_now DATETIME(3), IN in_now DATETIME(3))
MODIFIES SQL DATA
BEGIN
  DECLARE v_head BIGINT;
  DECLARE v_kept BIGINT;

  SELECT seq INTO v_head FROM revocation_head WHERE head_id = 1 FOR UPDATE;
  DELETE FROM token_revocations WHERE stands_until <= in_real_now ORDER BY stands_until LIMIT 1000;
  SELECT COUNT(*) INTO v_kept FROM token_revocations;

  UPDATE JSON_TABLE(in_items, '$[*]' COLUMNS (
           ord FOR ORDINALITY,
           kind VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin PATH '$.kind',
           subject VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.subject',
           issued_until DATETIME(3) PATH '$.issuedUntil',
           stands_until DATETIME(3) PATH '$.standsUntil',
           revocation_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.revocationId',
           actor VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.admin.actor',
           reason VARCHAR(1000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.reason')) i
    STRAIGHT_JOIN token_revocations t ON t.kind = i.kind AND t.subject = i.subject
     SET t.seq = v_head + i.ord,
         t.issued_until = GREATEST(t.issued_until, i.issued_until),
         t.stands_until = GREATEST(t.stands_until, i.stands_until),
         t.revocation_id = i.revocation_id,
         t.actor = i.actor,
         t.reason = i.reason,
         t.revoked_at = in_real_now;

  INSERT INTO token_revocations
    (kind, subject, seq, issued_until, stands_until, revocation_id, actor, reason, revoked_at)
  SELECT i.kind, i.subject, v_head + i.ord, i.issued_until, i.stands_until, i.revocation_id, i.actor, i.reason,
         in_real_now
    FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
           ord FOR ORDINALITY,
           kind VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin PATH '$.kind',
           subject VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.subject',
           issued_until DATETIME(3) PATH '$.issuedUntil',
           stands_until DATETIME(3) PATH '$.standsUntil',
           revocation_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.revocationId',
           actor VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.admin.actor',
           reason VARCHAR(1000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.reason')) i
    LEFT JOIN token_revocations t ON t.kind = i.kind AND t.subject = i.subject
   WHERE t.subject IS NULL AND v_kept + i.ord <= in_most;

  UPDATE revocation_head SET seq = v_head + JSON_LENGTH(in_items) WHERE head_id = 1;

  INSERT INTO outbox (event_id, topic, type, subject, occurred_at, payload, traceparent)
  SELECT i.audit_id, 'admin.v1', 'stipend.admin.v1.AdminActionRecorded', i.subject, in_now,
         JSON_OBJECT(
           'id', i.audit_id,
           'service', 'membership',
           'actor', i.actor,
           'roles', JSON_EXTRACT(i.roles, '$'),
           'action', CONCAT(i.kind, '.tokens.revoke'),
           'target', i.subject,
           'outcome', 'succeeded',
           'reason', t.reason,
           'before', '',
           'after', CAST(JSON_OBJECT(
             'issuedUntil', DATE_FORMAT(t.issued_until, '%Y-%m-%dT%H:%i:%s.%fZ'),
             'standsUntil', DATE_FORMAT(t.stands_until, '%Y-%m-%dT%H:%i:%s.%fZ')) AS CHAR),
           'ip', COALESCE(i.ip, ''),
           'userAgent', COALESCE(i.user_agent, ''),
           'requestId', COALESCE(i.request_id, ''),
           'traceId', COALESCE(i.trace_id, ''),
           'occurredAt', DATE_FORMAT(in_now, '%Y-%m-%dT%H:%i:%s.%fZ')),
         i.traceparent
    FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
           ord FOR ORDINALITY,
           kind VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin PATH '$.kind',
           subject VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.subject',
           revocation_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.revocationId',
           traceparent VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.traceparent',
           audit_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.admin.id',
           actor VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.admin.actor',
           roles JSON PATH '$.admin.roles',
           ip VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.admin.ip',
           user_agent VARCHAR(1000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.admin.userAgent',
           request_id VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.admin.requestId',
           trace_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.admin.traceId')) i
    JOIN token_revocations t ON t.kind = i.kind AND t.subject = i.subject AND t.revocation_id = i.revocation_id
   ORDER BY i.ord;

  SELECT i.ord - 1 AS idx, CASE WHEN t.subject IS NULL THEN 'full' ELSE 'revoked' END AS outcome,
         t.kind, t.subject, t.seq, t.issued_until, t.stands_until, t.revocation_id, t.actor, t.reason, t.revoked_at
    FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
           ord FOR ORDINALITY,
           kind VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin PATH '$.kind',
           subject VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.subject')) i
    LEFT JOIN token_revocations t ON t.kind = i.kind AND t.subject = i.subject
   ORDER BY i.ord;
END
