-- NAME
--   AppendAuditLog - add a batch of rows to the end of the chain
-- SYNOPSIS
--   CALL AppendAuditLog(in_rows, in_now)
-- PARAMETERS
--   in_rows  JSON array, in order, of {seq, actionId, service, actor, rolesJson, action, target, outcome, reason,
--            beforeJson|null, afterJson|null, ip, userAgent, requestId, traceId, occurredAt 'YYYY-MM-DD HH:MM:SS.mmm',
--            prevHash, hash}; the hashes are computed by the caller (src/domain/chain.ts)
--   in_now   UTC, becomes recorded_at of every row (the caller hashed the same instant)
-- RETURNS
--   one row: seq, hash of the new head
-- ERRORS
--   45000 'audit_chain_broken'  the rows are not the unbroken continuation of the head: nothing is written
--   1062                        an action_id is already in the log
-- LOCKS
--   the row of audit_chain_head (call LockAuditChain first, in the same transaction)
-- EXAMPLE
--   CALL AppendAuditLog('[{"seq": 1, "actionId": "0190a5c2-…", …}]', '2026-01-31 00:00:00.000');
CREATE PROCEDURE AppendAuditLog(IN in_rows JSON, IN in_now DATETIME(3))
  MODIFIES SQL DATA
BEGIN
  DECLARE v_seq BIGINT;
  DECLARE v_hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin;
  DECLARE v_new_seq BIGINT;
  DECLARE v_new_hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin;
  DECLARE v_broken INT;

  SELECT seq, hash INTO v_seq, v_hash FROM audit_chain_head WHERE id = 1 FOR UPDATE;

  -- The hashes themselves are the caller's work; that the rows hang together is checked here once more, because a
  -- wrong row can never be taken out again.
  SELECT COUNT(*) INTO v_broken
  FROM (
    SELECT item.ordinal, item.seq, item.prev_hash,
           COALESCE(LAG(item.hash) OVER (ORDER BY item.ordinal), v_hash) AS expected_prev_hash
    FROM JSON_TABLE(in_rows, '$[*]' COLUMNS (
           ordinal   FOR ORDINALITY,
           seq       BIGINT PATH '$.seq',
           prev_hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.prevHash',
           hash      CHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.hash')) AS item
  ) AS links
  WHERE links.seq <> v_seq + links.ordinal OR links.prev_hash <> links.expected_prev_hash
     OR links.seq IS NULL OR links.prev_hash IS NULL;
  IF v_broken > 0 THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'audit_chain_broken';
  END IF;

  INSERT INTO admin_operation_logs (seq, action_id, service, actor, roles_json, action, target, outcome, reason,
      before_json, after_json, ip, user_agent, request_id, trace_id, occurred_at, recorded_at, prev_hash, hash)
  SELECT item.seq, item.action_id, item.service, item.actor, item.roles_json, item.action, item.target, item.outcome,
         item.reason, item.before_json, item.after_json, item.ip, item.user_agent, item.request_id, item.trace_id,
         item.occurred_at, in_now, item.prev_hash, item.hash
  FROM JSON_TABLE(in_rows, '$[*]' COLUMNS (
         seq         BIGINT PATH '$.seq',
         action_id   VARCHAR(64) CHARACTER SET ascii PATH '$.actionId',
         service     VARCHAR(32) CHARACTER SET ascii PATH '$.service',
         actor       VARCHAR(255) CHARACTER SET utf8mb4 PATH '$.actor',
         roles_json  VARCHAR(1000) CHARACTER SET utf8mb4 PATH '$.rolesJson',
         action      VARCHAR(64) CHARACTER SET utf8mb4 PATH '$.action',
         target      VARCHAR(255) CHARACTER SET utf8mb4 PATH '$.target',
         outcome     VARCHAR(16) CHARACTER SET ascii PATH '$.outcome',
         reason      VARCHAR(1000) CHARACTER SET utf8mb4 PATH '$.reason',
         before_json MEDIUMTEXT CHARACTER SET utf8mb4 PATH '$.beforeJson',
         after_json  MEDIUMTEXT CHARACTER SET utf8mb4 PATH '$.afterJson',
         ip          VARCHAR(64) CHARACTER SET utf8mb4 PATH '$.ip',
         user_agent  VARCHAR(512) CHARACTER SET utf8mb4 PATH '$.userAgent',
         request_id  VARCHAR(128) CHARACTER SET utf8mb4 PATH '$.requestId',
         trace_id    VARCHAR(64) CHARACTER SET utf8mb4 PATH '$.traceId',
         occurred_at DATETIME(3) PATH '$.occurredAt',
         prev_hash   CHAR(64) CHARACTER SET ascii PATH '$.prevHash',
         hash        CHAR(64) CHARACTER SET ascii PATH '$.hash')) AS item;

  SELECT item.seq, item.hash INTO v_new_seq, v_new_hash
  FROM JSON_TABLE(in_rows, '$[*]' COLUMNS (
         seq  BIGINT PATH '$.seq',
         hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.hash')) AS item
  ORDER BY item.seq DESC LIMIT 1;

  UPDATE audit_chain_head SET seq = v_new_seq, hash = v_new_hash WHERE id = 1;

  -- The anchor: published outside the database in the order of the appends.
  INSERT INTO outbox (event_id, topic, type, subject, occurred_at, payload)
  VALUES (UUID(), 'audit.v1', 'stipend.audit.v1.ChainHeadAnchored', 'head', in_now,
          JSON_OBJECT('seq', v_new_seq, 'hash', v_new_hash,
                      'anchoredAt', DATE_FORMAT(in_now, '%Y-%m-%dT%H:%i:%s.%fZ')));

  SELECT v_new_seq AS seq, v_new_hash AS hash;
END
