-- NAME
--   LedgerReadAudit: reads the audit objects of the operations into w_audit. Internal.
-- SYNOPSIS
--   CALL LedgerReadAudit(in_operations);
-- PARAMETERS
--   in_operations  each with ord, the place of its account in the answer; where there is none, that is its own place
CREATE PROCEDURE LedgerReadAudit(IN in_operations JSON)
BEGIN
  DELETE FROM w_audit;
  INSERT INTO w_audit (ord, id, actor, roles, action, reason, ip, user_agent, request_id, trace_id, traceparent)
  SELECT COALESCE(own_ord, place), id, actor, roles, action, reason, ip, user_agent, request_id, trace_id, traceparent
    FROM JSON_TABLE(in_operations, '$[*]' COLUMNS (
           place FOR ORDINALITY,
           own_ord INT PATH '$.ord',
           id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.audit.id',
           actor VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.audit.actor',
           roles JSON PATH '$.audit.roles',
           action VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.audit.action',
           reason VARCHAR(1000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.audit.reason',
           ip VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.audit.ip',
           user_agent VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.audit.userAgent',
           request_id VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.audit.requestId',
           trace_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.audit.traceId',
           traceparent VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.traceparent')) o
   WHERE id IS NOT NULL;
END
