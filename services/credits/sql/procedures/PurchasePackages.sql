-- NAME
--   PurchasePackages: opens the grant of a paid package, once for each payment reference over all accounts.
-- SYNOPSIS
--   CALL PurchasePackages(in_now, in_operations);
-- PARAMETERS
--   in_now         the moment, UTC
--   in_operations  array of at most 1,000 {userId, code, paymentReference, membershipNotRequired?, requestKey, requestHash, actor, reason, feature?, metadata?, traceparent?, audit?}
-- RETURNS
--   A row an operation (LedgerAnswer). Outcomes: ok; replayed (the same key, or the same account, package and payment reference under another key);
--   idempotency_key_reused; payment_reference_used (by another account or for another package); package_not_found; package_inactive; membership_required; reset_due; invalid.
-- ERRORS
--   1213, 1205 as every locking statement: roll back and try again. 3819 (MySQL), 4025 (MariaDB): a CHECK refuses an impossible figure; a defect.
-- LOCKS
--   The accounts, in primary-key order; then the payment references, in theirs.
-- EXAMPLE
--   CALL PurchasePackages(UTC_TIMESTAMP(3), '[{"userId": "alice", "code": "pack-100", "paymentReference": "pay_1", "requestKey": "k1", "requestHash": "h1", "actor": "shop", "reason": "bought"}]');
CREATE PROCEDURE PurchasePackages(IN in_now DATETIME(3), IN in_operations JSON)
BEGIN
  DECLARE v_claim CHAR(36) CHARACTER SET ascii DEFAULT UUID();
  CALL LedgerBegin();
  CALL LedgerRead(in_operations);
  CALL LedgerLock(in_now);
  CALL LedgerLapse(in_now);

  -- Everything but the payment reference. target_id stands for the package's credits, flag for a claim to be tried.
  INSERT INTO w_item (ord, user_id, amount, request_key, request_hash, tx_version, code, priority, ends_at, verdict)
  SELECT o.ord, a.user_id, k.credits, o.request_key, o.request_hash, COALESCE(t.version, CASE WHEN b.user_id = a.user_id AND b.code = o.code THEN b.transaction_version END),
         o.reference, k.priority, in_now + INTERVAL k.valid_days DAY,
         CASE WHEN a.user_id IS NULL OR o.request_key IS NULL OR o.request_hash IS NULL OR o.code IS NULL
                   OR COALESCE(CHAR_LENGTH(o.reference), 0) NOT BETWEEN 1 AND 191 THEN 'invalid'
              WHEN t.id IS NOT NULL THEN CASE WHEN t.request_hash = o.request_hash THEN 'replayed' ELSE 'idempotency_key_reused' END
              WHEN b.user_id = a.user_id AND b.code = o.code THEN 'replayed'
              WHEN b.payment_reference IS NOT NULL THEN 'payment_reference_used'
              WHEN k.code IS NULL THEN 'package_not_found'
              WHEN k.active = 0 THEN 'package_inactive'
              WHEN a.due_at <= in_now THEN 'reset_due'
              WHEN k.requires_membership = 1 AND COALESCE(o.flag, 'false') NOT IN ('true', '1')
                   AND (m.active_until IS NULL OR m.active_until <= in_now) THEN 'membership_required' END
    FROM w_op o
    LEFT JOIN w_account a ON a.user_id = o.user_id
    LEFT JOIN credit_transactions t FORCE INDEX (credit_transactions_request) ON t.user_id = a.user_id AND t.operation = 'purchase' AND t.request_key = o.request_key
    LEFT JOIN package_purchases b ON b.payment_reference = o.reference
    LEFT JOIN credit_packages k ON k.code = o.code
    LEFT JOIN membership_state m FORCE INDEX (PRIMARY) ON m.user_id = a.user_id;

  -- A key repeated in the batch is judged by the first of it.
  DELETE FROM w_judge;
  INSERT INTO w_judge (ord, verdict, first_ord)
  SELECT ord, CASE WHEN first_hash = request_hash THEN 'replayed' ELSE 'idempotency_key_reused' END, first_ord
    FROM (SELECT ord, request_hash, FIRST_VALUE(ord) OVER same_key AS first_ord, FIRST_VALUE(request_hash) OVER same_key AS first_hash
            FROM w_item WHERE verdict IS NULL
          WINDOW same_key AS (PARTITION BY user_id, request_key ORDER BY ord ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)) keyed
   WHERE first_ord < ord;
  UPDATE w_item i JOIN w_judge j ON j.ord = i.ord SET i.verdict = j.verdict, i.first_ord = j.first_ord;

  -- The unique key decides between copies that run at the same moment: the second waits here for the first to commit.
  INSERT IGNORE INTO package_purchases (payment_reference, user_id, code, claim, claim_ord, created_at)
  SELECT i.code, i.user_id, o.code, v_claim, i.ord, in_now
    FROM w_item i
    JOIN w_op o ON o.ord = i.ord
   WHERE i.verdict IS NULL
   ORDER BY i.code, i.ord;
  DELETE FROM w_judge;
  INSERT INTO w_judge (ord, verdict, first_ord, tx_version)
  SELECT i.ord,
         CASE WHEN b.claim = v_claim AND b.claim_ord = i.ord THEN 'ok'
              WHEN b.user_id = i.user_id AND b.code = o.code THEN 'replayed' ELSE 'payment_reference_used' END,
         CASE WHEN b.claim = v_claim AND b.claim_ord <> i.ord AND b.user_id = i.user_id AND b.code = o.code THEN b.claim_ord END,
         CASE WHEN b.user_id = i.user_id AND b.code = o.code THEN b.transaction_version END
    FROM w_item i
    JOIN w_op o ON o.ord = i.ord
    JOIN package_purchases b ON b.payment_reference = i.code
   WHERE i.verdict IS NULL;
  UPDATE w_item i JOIN w_judge j ON j.ord = i.ord SET i.verdict = j.verdict, i.first_ord = j.first_ord, i.tx_version = j.tx_version;

  INSERT INTO w_entry (seq, ord, user_id, type, amount, new_kind, new_amount, new_priority, new_until, operation)
  SELECT ord, ord, user_id, 'grant', amount, 'package', amount, priority, ends_at, 'purchase' FROM w_item WHERE verdict = 'ok';
  CALL LedgerBook(in_now);
  UPDATE w_item i STRAIGHT_JOIN package_purchases b ON b.payment_reference = i.code
     SET b.transaction_version = i.tx_version
   WHERE i.verdict = 'ok' AND b.claim = v_claim;

  CALL LedgerAudit(in_now, in_operations);
  CALL LedgerAnswer();
END
