/*
NAME
  SetTier: create tiers or change them. Members keep the terms they agreed to.

SYNOPSIS
  CALL SetTier(in_items, in_now)

PARAMETERS
  in_items JSON   at most one item a tier:
    tier, displayName, monthlyCredits, rank, anchor, firstPeriod, rolloverCap, onExpiry, features (array), offered 0|1
    expectedVersion   0: the tier must not exist yet
    changeId          CHAR(36), new for each change
    admin             {id, actor, roles, reason, before, after, ip, userAgent, requestId, traceId}
    traceparent?
  in_now   DATETIME(3)  UTC

RETURNS
  A row for each item, in order: idx, tier, version (after), outcome changed | version_conflict

ERRORS
  1213, 1205 as any lock: roll back and try again.

LOCKS
  The rows of the named tiers.

EXAMPLE
  CALL SetTier('[{"tier":"team","displayName":"Team","monthlyCredits":2000,"rank":40,"anchor":"calendar",
    "firstPeriod":"full","rolloverCap":0,"onExpiry":"keep","features":[],"offered":1,"expectedVersion":0,
    "changeId":"…","admin":{…}}]', '2026-02-05 09:00:00.000')
*/
CREATE PROCEDURE SetTier(IN in_items JSON, IN in_now DATETIME(3))
MODIFIES SQL DATA
BEGIN
  UPDATE JSON_TABLE(in_items, '$[*]' COLUMNS (
           tier VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.tier',
           display_name VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.displayName',
           monthly_credits BIGINT PATH '$.monthlyCredits',
           tier_rank INT PATH '$.rank',
           anchor VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.anchor',
           first_period VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.firstPeriod',
           rollover_cap BIGINT PATH '$.rolloverCap',
           on_expiry VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.onExpiry',
           features JSON PATH '$.features',
           offered TINYINT PATH '$.offered',
           expected_version BIGINT PATH '$.expectedVersion',
           change_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.changeId')) i
    STRAIGHT_JOIN membership_tiers t ON t.tier = i.tier
     SET t.display_name = i.display_name,
         t.monthly_credits = i.monthly_credits,
         t.tier_rank = i.tier_rank,
         t.anchor = i.anchor,
         t.first_period = i.first_period,
         t.rollover_cap = i.rollover_cap,
         t.on_expiry = i.on_expiry,
         t.features = i.features,
         t.offered = i.offered,
         t.version = i.expected_version + 1,
         t.change_id = i.change_id,
         t.updated_at = in_now
   WHERE t.version = i.expected_version;

  INSERT INTO membership_tiers
    (tier, display_name, monthly_credits, tier_rank, anchor, first_period, rollover_cap, on_expiry, features, offered,
     version, change_id, updated_at)
  SELECT i.tier, i.display_name, i.monthly_credits, i.tier_rank, i.anchor, i.first_period, i.rollover_cap, i.on_expiry,
         i.features, i.offered, 1, i.change_id, in_now
    FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
           tier VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.tier',
           display_name VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.displayName',
           monthly_credits BIGINT PATH '$.monthlyCredits',
           tier_rank INT PATH '$.rank',
           anchor VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.anchor',
           first_period VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.firstPeriod',
           rollover_cap BIGINT PATH '$.rolloverCap',
           on_expiry VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.onExpiry',
           features JSON PATH '$.features',
           offered TINYINT PATH '$.offered',
           expected_version BIGINT PATH '$.expectedVersion',
           change_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.changeId')) i
   WHERE i.expected_version = 0
   ORDER BY i.tier
      ON DUPLICATE KEY UPDATE tier = membership_tiers.tier;

  INSERT INTO outbox (event_id, topic, type, subject, occurred_at, payload, traceparent)
  SELECT i.audit_id, 'admin.v1', 'stipend.admin.v1.AdminActionRecorded', i.tier, in_now,
         JSON_OBJECT(
           'id', i.audit_id,
           'service', 'membership',
           'actor', i.actor,
           'roles', JSON_EXTRACT(i.roles, '$'),
           'action', 'tier.set',
           'target', i.tier,
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
           tier VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.tier',
           change_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.changeId',
           traceparent VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.traceparent',
           audit_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.admin.id',
           actor VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.admin.actor',
           roles JSON PATH '$.admin.roles',
           reason VARCHAR(1000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.admin.reason',
           state_before TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.admin.before',
           state_after TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.admin.after',
           ip VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.admin.ip',
           user_agent VARCHAR(1000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.admin.userAgent',
           request_id VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.admin.requestId',
           trace_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.admin.traceId')) i
    JOIN membership_tiers t ON t.tier = i.tier AND t.change_id = i.change_id
   ORDER BY i.ord;

  SELECT i.ord - 1 AS idx, i.tier, t.version,
         CASE WHEN t.change_id = i.change_id THEN 'changed' ELSE 'version_conflict' END AS outcome
    FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
           ord FOR ORDINALITY,
           tier VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.tier',
           change_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.changeId')) i
    LEFT JOIN membership_tiers t ON t.tier = i.tier
   ORDER BY i.ord;
END
