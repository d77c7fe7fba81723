-- NAME
--   LedgerAuditApprovals: writes AdminActionRecorded for proposals that were made or decided. Internal.
-- SYNOPSIS
--   CALL LedgerAuditApprovals(in_now, in_operations, in_step);
-- PARAMETERS
--   in_step  propose: there was nothing before. decide: it was pending.
-- RESULT
--   One outbox row (topic admin.v1) for each operation with `audit` whose verdict is ok, w_item.target_id being the proposal.
CREATE PROCEDURE LedgerAuditApprovals(IN in_now DATETIME(3), IN in_operations JSON, IN in_step VARCHAR(8))
BEGIN
  IF JSON_CONTAINS_PATH(in_operations, 'one', '$[*].audit') THEN
    CALL LedgerReadAudit(in_operations);
    INSERT INTO outbox (event_id, topic, type, subject, occurred_at, payload, traceparent)
    SELECT UUID(), 'admin.v1', 'stipend.admin.v1.AdminActionRecorded', i.user_id, in_now,
           CONCAT('{"id":', JSON_QUOTE(o.id), ',"service":"credits","actor":', JSON_QUOTE(o.actor), ',"roles":', COALESCE(o.roles, '[]'),
                  ',"action":', JSON_QUOTE(o.action), ',"target":"', CONVERT(i.user_id USING utf8mb4), '","outcome":"succeeded","reason":', JSON_QUOTE(o.reason),
                  CASE in_step WHEN 'decide' THEN CONCAT(',"before":', JSON_QUOTE(CONCAT('{"approvalId":"', p.id, '","status":"pending"}'))) ELSE '' END,
                  ',"after":', JSON_QUOTE(CONCAT('{"approvalId":"', p.id, '","status":"', CONVERT(p.status USING utf8mb4), '","operation":"', CONVERT(p.operation USING utf8mb4),
                                                 '","amount":', p.amount, ',"request":', p.request, ',"proposedBy":', JSON_QUOTE(p.proposed_by),
                                                 ',"reason":', JSON_QUOTE(p.reason), ',"expiresAt":"', REPLACE(p.expires_at, ' ', 'T'), 'Z"}')),
                  ',"ip":', COALESCE(JSON_QUOTE(o.ip), '""'), ',"userAgent":', COALESCE(JSON_QUOTE(o.user_agent), '""'),
                  ',"requestId":', COALESCE(JSON_QUOTE(o.request_id), '""'), ',"traceId":', COALESCE(JSON_QUOTE(o.trace_id), '""'),
                  ',"occurredAt":"', REPLACE(in_now, ' ', 'T'), 'Z"}'),
           o.traceparent
      FROM w_item i
      JOIN w_audit o ON o.ord = i.ord
      JOIN credit_approvals p ON p.id = i.target_id
     WHERE i.verdict = 'ok'
     ORDER BY i.ord;
  END IF;
END
