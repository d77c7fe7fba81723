-- NAME
--   GrantCredits: opens a grant an operation.
-- SYNOPSIS
--   CALL GrantCredits(in_now, in_operations);
-- PARAMETERS
--   in_now         the moment, UTC
--   in_operations  array of at most 1,000 {userId, amount 1–1,000,000,000, kind package|bonus|purchase|refund|adjustment, priority? 0–1000 (50), expiresAt? (after in_now),
--                  requestKey, requestHash, actor, reason, feature?, metadata?, traceparent?, audit?}
-- RETURNS
--   A row an operation (LedgerAnswer). Outcomes: ok, replayed, idempotency_key_reused, invalid. A frozen account takes grants.
-- ERRORS
--   1213, 1205 as every locking statement: roll back and try again. 3819 (MySQL), 4025 (MariaDB): a CHECK refuses an impossible figure; a defect.
-- LOCKS
--   The accounts, in primary-key order.
-- EXAMPLE
--   CALL GrantCredits(UTC_TIMESTAMP(3), '[{"userId": "bob", "amount": 3, "kind": "bonus", "requestKey": "k1", "requestHash": "h1", "actor": "root", "reason": "welcome"}]');
CREATE PROCEDURE GrantCredits(IN in_now DATETIME(3), IN in_operations JSON)
BEGIN
  CALL LedgerBegin();
  CALL LedgerRead(in_operations);
  CALL LedgerLock(in_now);
  CALL LedgerLapse(in_now);

  -- A repeated key inside the batch: nothing here can be refused for lack of credits, so the first one answers it.
  INSERT INTO w_item (ord, user_id, amount, request_key, request_hash, tx_version, code, priority, ends_at, first_ord, verdict)
  SELECT ord, user_id, amount, request_key, request_hash, tx_version, kind, priority, ends_at,
         CASE WHEN verdict IS NULL AND first_ord < ord THEN first_ord END,
         CASE WHEN verdict IS NOT NULL THEN verdict WHEN first_ord = ord THEN 'ok'
              WHEN first_hash = request_hash THEN 'replayed' ELSE 'idempotency_key_reused' END
    FROM (SELECT ord, user_id, amount, request_key, request_hash, tx_version, kind, priority, ends_at, verdict,
                 FIRST_VALUE(ord) OVER same_key AS first_ord, FIRST_VALUE(request_hash) OVER same_key AS first_hash
            FROM (SELECT o.ord, a.user_id, o.amount, o.request_key, o.request_hash, t.version AS tx_version, o.code AS kind,
                         COALESCE(o.priority, 50) AS priority, o.ends_at,
                         CASE WHEN a.user_id IS NULL OR o.request_key IS NULL OR o.request_hash IS NULL OR o.code IS NULL
                                   OR o.amount IS NULL OR o.amount NOT BETWEEN 1 AND 1000000000 THEN 'invalid'
                              WHEN t.id IS NOT NULL THEN CASE WHEN t.request_hash = o.request_hash THEN 'replayed' ELSE 'idempotency_key_reused' END
                              WHEN o.code NOT IN ('package', 'bonus', 'purchase', 'refund', 'adjustment')
                                   OR COALESCE(o.priority, 50) NOT BETWEEN 0 AND 1000 OR o.ends_at <= in_now THEN 'invalid' END AS verdict
                    FROM w_op o
                    LEFT JOIN w_account a ON a.user_id = o.user_id
                    LEFT JOIN credit_transactions t FORCE INDEX (credit_transactions_request) ON t.user_id = a.user_id AND t.operation = 'grant' AND t.request_key = o.request_key) known
          WINDOW same_key AS (PARTITION BY user_id, request_key, verdict ORDER BY ord ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)) numbered;

  INSERT INTO w_entry (seq, ord, user_id, type, amount, new_kind, new_amount, new_priority, new_until, operation)
  SELECT ord, ord, user_id, 'grant', amount, code, amount, priority, ends_at, 'grant'
    FROM w_item WHERE verdict = 'ok';
  CALL LedgerBook(in_now);
  CALL LedgerAudit(in_now, in_operations);
  CALL LedgerAnswer();
END
