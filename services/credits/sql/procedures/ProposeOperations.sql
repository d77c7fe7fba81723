-- NAME
--   ProposeOperations: keeps operations that need a second admin, once for each key.
-- SYNOPSIS
--   CALL ProposeOperations(in_now, in_operations);
-- PARAMETERS
--   in_now         the moment, UTC
--   in_operations  array of at most 1,000 {userId, action grant|adjust|refund|purchase|repair, amount (the most it may move, signed, not 0), expiresAt (of the proposal,
--                  after in_now), metadata (an object: what else the operation needs), requestKey, requestHash, actor, reason, traceparent?, audit?}
-- RETURNS
--   A row an operation: ord, outcome and, for ok and replayed, the columns of credit_approval_list. Outcomes: ok; replayed (proposed before under this key, whatever
--   became of it); idempotency_key_reused; in_ledger (the ledger did something under this key already: it answers); invalid.
-- ERRORS
--   1213, 1205 as every locking statement: roll back and try again. 3819 (MySQL), 4025 (MariaDB): a CHECK refuses an impossible figure; a defect.
-- LOCKS
--   The accounts, in primary-key order.
-- EXAMPLE
--   CALL ProposeOperations(UTC_TIMESTAMP(3), '[{"userId": "bob", "action": "grant", "amount": 200000, "expiresAt": "2026-02-03 00:00:00.000", "metadata": {"kind": "bonus"},
--     "requestKey": "k1", "requestHash": "h1", "actor": "ada", "reason": "won a prize"}]');
CREATE PROCEDURE ProposeOperations(IN in_now DATETIME(3), IN in_operations JSON)
BEGIN
  CALL LedgerBegin();
  CALL LedgerRead(in_operations);
  CALL LedgerLock(in_now);

  INSERT INTO w_item (ord, user_id, amount, request_key, request_hash, code, ends_at, first_ord, verdict)
  SELECT ord, user_id, amount, request_key, request_hash, operation, ends_at,
         CASE WHEN verdict IS NULL AND first_ord < ord THEN first_ord END,
         CASE WHEN verdict IS NOT NULL THEN verdict WHEN first_ord = ord THEN 'ok'
              WHEN first_hash = request_hash THEN 'replayed' ELSE 'idempotency_key_reused' END
    FROM (SELECT ord, user_id, amount, request_key, request_hash, operation, ends_at, verdict,
                 FIRST_VALUE(ord) OVER same_key AS first_ord, FIRST_VALUE(request_hash) OVER same_key AS first_hash
            FROM (SELECT o.ord, a.user_id, o.amount, o.request_key, o.request_hash, o.code AS operation, o.ends_at,
                         CASE WHEN a.user_id IS NULL OR o.request_key IS NULL OR o.request_hash IS NULL OR o.actor IS NULL OR o.reason IS NULL OR o.has_metadata = 0
                                   OR o.code IS NULL OR o.code NOT IN ('grant', 'adjust', 'refund', 'purchase', 'repair') THEN 'invalid'
                              WHEN p.id IS NOT NULL THEN CASE WHEN p.request_hash = o.request_hash THEN 'replayed' ELSE 'idempotency_key_reused' END
                              WHEN t.id IS NOT NULL THEN 'in_ledger'
                              WHEN COALESCE(o.amount, 0) = 0 OR o.ends_at IS NULL OR o.ends_at <= in_now THEN 'invalid' END AS verdict
                    FROM w_op o
                    LEFT JOIN w_account a ON a.user_id = o.user_id
                    LEFT JOIN credit_approvals p ON p.user_id = a.user_id AND p.operation = o.code AND p.request_key = o.request_key
                    LEFT JOIN credit_transactions t FORCE INDEX (credit_transactions_request) ON t.user_id = a.user_id AND t.request_key = o.request_key
                         AND (t.operation = o.code OR (o.code = 'repair' AND t.operation = 'restate'))) known
          WINDOW same_key AS (PARTITION BY user_id, operation, request_key, verdict ORDER BY ord ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)) numbered;

  INSERT INTO credit_approvals (user_id, operation, amount, request, request_key, request_hash, reason, proposed_by, proposed_at, expires_at)
  SELECT i.user_id, i.code, i.amount, d.doc, i.request_key, i.request_hash, o.reason, o.actor, in_now, i.ends_at
    FROM w_item i
    JOIN w_op o ON o.ord = i.ord
    JOIN w_doc d ON d.ord = i.ord
   WHERE i.verdict = 'ok'
   ORDER BY i.ord;

  -- Without a row to point to there is no proposal: metadata was null.
  UPDATE w_item i LEFT JOIN credit_approvals p ON p.user_id = i.user_id AND p.operation = i.code AND p.request_key = i.request_key
     SET i.target_id = p.id, i.verdict = CASE WHEN i.verdict = 'ok' AND p.id IS NULL THEN 'invalid' ELSE i.verdict END;

  CALL LedgerAuditApprovals(in_now, in_operations, 'propose');
  SELECT i.ord, i.verdict AS outcome, l.*
    FROM w_item i
    LEFT JOIN credit_approval_list l ON l.id = i.target_id AND i.verdict IN ('ok', 'replayed')
   ORDER BY i.ord;
END
