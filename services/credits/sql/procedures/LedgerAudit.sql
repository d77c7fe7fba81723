-- NAME
--   LedgerAudit: writes AdminActionRecorded for the operations that carry an audit object and were done. Internal.
-- SYNOPSIS
--   CALL LedgerAudit(in_now, in_operations);
-- RESULT
--   One outbox row (topic admin.v1) for each operation with `audit` whose verdict is neither a refusal nor a replay, with the account before and after.
--   In the transaction of the change: no admin action without its record.
CREATE PROCEDURE LedgerAudit(IN in_now DATETIME(3), IN in_operations JSON)
BEGIN
  IF JSON_CONTAINS_PATH(in_operations, 'one', '$[*].audit') THEN
    CALL LedgerReadAudit(in_operations);
    INSERT INTO outbox (event_id, topic, type, subject, occurred_at, payload, traceparent)
    SELECT UUID(), 'admin.v1', 'stipend.admin.v1.AdminActionRecorded', i.user_id, in_now,
           CONCAT('{"id":', JSON_QUOTE(o.id), ',"service":"credits","actor":', JSON_QUOTE(o.actor), ',"roles":', COALESCE(o.roles, '[]'),
                  ',"action":', JSON_QUOTE(o.action), ',"target":"', CONVERT(i.user_id USING utf8mb4), '","outcome":"succeeded","reason":', JSON_QUOTE(o.reason),
                  ',"before":', JSON_QUOTE(CONCAT('{"balance":', COALESCE(t.balance_before, a.balance), ',"held":', COALESCE(t.held_after - t.held_change, a.held),
                                                  ',"version":', COALESCE(t.version - 1, a.version), ',"status":"',
                                                  CASE t.type WHEN 'freeze' THEN 'active' WHEN 'unfreeze' THEN 'frozen' ELSE CONVERT(a.status USING utf8mb4) END, '"}')),
                  ',"after":', JSON_QUOTE(CONCAT('{"amount":', COALESCE(t.amount, 0), ',"balance":', COALESCE(t.balance_after, a.balance),
                                                 ',"held":', COALESCE(t.held_after, a.held), ',"version":', COALESCE(t.version, a.version),
                                                 ',"status":"', COALESCE(t.status_after, CONVERT(a.status USING utf8mb4)), '","outcome":"', CONVERT(i.verdict USING utf8mb4), '"',
                                                 CASE WHEN t.id IS NULL THEN '' ELSE CONCAT(',"transactionId":"', t.id, '"') END, '}')),
                  ',"ip":', COALESCE(JSON_QUOTE(o.ip), '""'), ',"userAgent":', COALESCE(JSON_QUOTE(o.user_agent), '""'),
                  ',"requestId":', COALESCE(JSON_QUOTE(o.request_id), '""'), ',"traceId":', COALESCE(JSON_QUOTE(o.trace_id), '""'),
                  ',"occurredAt":"', REPLACE(in_now, ' ', 'T'), 'Z"}'),
           o.traceparent
      FROM w_item i
      JOIN w_audit o ON o.ord = i.ord
      JOIN w_account a ON a.user_id = i.user_id
      LEFT JOIN credit_transactions t FORCE INDEX (credit_transactions_version) ON t.user_id = i.user_id AND t.version = i.tx_version
     WHERE i.verdict IN ('ok', 'first', 'reset', 'topped_up', 'forfeited', 'unchanged')
     ORDER BY i.ord;
  END IF;
END
