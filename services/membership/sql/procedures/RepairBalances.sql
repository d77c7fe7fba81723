/*
NAME
  RepairBalances: set what the status view shows of an account to what credits says, for a difference that no event mends.

SYNOPSIS
  CALL RepairBalances(in_items, in_now)

PARAMETERS
  in_items JSON   [{"userId", "version", "balance", "held", "status": what credits says,
                    "seen": {"version", "balance", "held"}: what the view showed when the difference was found,
                    "reason", "admin": {id, actor, roles, ip, userAgent, requestId, traceId}, "traceparent"?}],
                  each user once
  in_now   DATETIME(3)  UTC

RETURNS
  A row for each item: user_id, outcome repaired | changed_meanwhile (the view no longer shows what was seen: compare again)
  | unknown_user

  The view alone is written. The account itself is credits' and stays as it is.

ERRORS
  1213, 1205 as any lock: roll back and try again.

LOCKS
  The rows of the named users in member_balances, in the order of the user ids.

EVENTS
  AdminActionRecorded for each that was repaired, in the same transaction.

EXAMPLE
  CALL RepairBalances('[{"userId":"alice","version":7,"balance":249,"held":0,"status":"active",
    "seen":{"version":7,"balance":250,"held":0},"reason":"…","admin":{…}}]', '2026-02-05 09:00:00.000')
*/
CREATE PROCEDURE RepairBalances(IN in_items JSON, IN in_now DATETIME(3))
MODIFIES SQL DATA
BEGIN
  DECLARE v_judged JSON;

  SELECT COALESCE(JSON_ARRAYAGG(JSON_OBJECT('userId', j.user_id, 'outcome', j.outcome)), JSON_ARRAY()) INTO v_judged
    FROM (
      SELECT i.user_id,
             CASE WHEN b.user_id IS NULL THEN 'unknown_user'
                  WHEN b.version = i.seen_version AND b.balance = i.seen_balance AND b.held = i.seen_held THEN 'repaired'
                  ELSE 'changed_meanwhile' END AS outcome
        FROM (SELECT x.user_id, x.seen_version, x.seen_balance, x.seen_held
                FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
                       user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
                       seen_version BIGINT PATH '$.seen.version',
                       seen_balance BIGINT PATH '$.seen.balance',
                       seen_held BIGINT PATH '$.seen.held')) x
               ORDER BY x.user_id
               LIMIT 1000) i
        LEFT JOIN member_balances b ON b.user_id = i.user_id
         FOR UPDATE) j;

  INSERT INTO outbox (event_id, topic, type, subject, occurred_at, payload, traceparent)
  SELECT i.audit_id, 'admin.v1', 'stipend.admin.v1.AdminActionRecorded', i.user_id, in_now,
         JSON_OBJECT(
           'id', i.audit_id,
           'service', 'membership',
           'actor', i.actor,
           'roles', JSON_EXTRACT(i.roles, '$'),
           'action', 'view.repair',
           'target', i.user_id,
           'outcome', 'succeeded',
           'reason', i.reason,
           'before', CAST(JSON_OBJECT('viewBalance', b.balance, 'viewHeld', b.held, 'viewVersion', b.version) AS CHAR),
           'after', CAST(JSON_OBJECT('viewBalance', i.balance, 'viewHeld', i.held, 'viewVersion', i.version) AS CHAR),
           'ip', COALESCE(i.ip, ''),
           'userAgent', COALESCE(i.user_agent, ''),
           'requestId', COALESCE(i.request_id, ''),
           'traceId', COALESCE(i.trace_id, ''),
           'occurredAt', DATE_FORMAT(in_now, '%Y-%m-%dT%H:%i:%s.%fZ')),
         i.traceparent
    FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           version BIGINT PATH '$.version',
           balance BIGINT PATH '$.balance',
           held BIGINT PATH '$.held',
           reason VARCHAR(1000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.reason',
           traceparent VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.traceparent',
           audit_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.admin.id',
           actor VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.admin.actor',
           roles JSON PATH '$.admin.roles',
           ip VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.admin.ip',
           user_agent VARCHAR(1000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.admin.userAgent',
           request_id VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.admin.requestId',
           trace_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.admin.traceId')) i
    JOIN JSON_TABLE(v_judged, '$[*]' COLUMNS (
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           outcome VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin PATH '$.outcome')) j
      ON j.user_id = i.user_id AND j.outcome = 'repaired'
    JOIN member_balances b ON b.user_id = i.user_id
   ORDER BY i.user_id;

  UPDATE member_balances b
    JOIN JSON_TABLE(in_items, '$[*]' COLUMNS (
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           version BIGINT PATH '$.version',
           balance BIGINT PATH '$.balance',
           held BIGINT PATH '$.held',
           account_status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.status')) i ON i.user_id = b.user_id
    JOIN JSON_TABLE(v_judged, '$[*]' COLUMNS (
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           outcome VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin PATH '$.outcome')) j
      ON j.user_id = i.user_id AND j.outcome = 'repaired'
     SET b.balance = i.balance, b.held = i.held, b.account_status = i.account_status, b.version = i.version,
         b.told_at = in_now;

  SELECT j.user_id, j.outcome
    FROM JSON_TABLE(v_judged, '$[*]' COLUMNS (
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           outcome VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin PATH '$.outcome')) j;
END
