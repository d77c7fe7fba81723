-- NAME
--   AdjustCredits: signed corrections. Positive: an `adjustment` grant. Negative: takes at most what is available; holds keep what is theirs.
-- SYNOPSIS
--   CALL AdjustCredits(in_now, in_operations);
-- PARAMETERS
--   in_now         the moment, UTC
--   in_operations  array of at most 1,000 {userId, amount (signed, not 0, ± 1,000,000,000), requestKey, requestHash, actor, reason, feature?, metadata?, traceparent?, audit?}
-- RETURNS
--   A row an operation (LedgerAnswer); the row's amount is what was really taken. Outcomes: ok; replayed; idempotency_key_reused;
--   insufficient_credits (negative and nothing is available); reset_due (profiles.due_at has passed: plan the allowance, then again); invalid.
-- ERRORS
--   1213, 1205 as every locking statement: roll back and try again. 3819 (MySQL), 4025 (MariaDB): a CHECK refuses an impossible figure; a defect.
-- LOCKS
--   The accounts, in primary-key order.
-- EXAMPLE
--   CALL AdjustCredits(UTC_TIMESTAMP(3), '[{"userId": "bob", "amount": -5, "requestKey": "k1", "requestHash": "h1", "actor": "root", "reason": "granted by mistake"}]');
CREATE PROCEDURE AdjustCredits(IN in_now DATETIME(3), IN in_operations JSON)
BEGIN
  DECLARE v_open INT DEFAULT 0;
  CALL LedgerBegin();
  CALL LedgerRead(in_operations);
  CALL LedgerLock(in_now);
  CALL LedgerLapse(in_now);

  INSERT INTO w_item (ord, user_id, amount, request_key, request_hash, tx_version, verdict)
  SELECT o.ord, a.user_id, o.amount, o.request_key, o.request_hash, t.version,
         CASE WHEN a.user_id IS NULL OR o.request_key IS NULL OR o.request_hash IS NULL OR o.amount IS NULL OR o.amount = 0
                   OR o.amount NOT BETWEEN -1000000000 AND 1000000000 THEN 'invalid'
              WHEN t.id IS NOT NULL THEN CASE WHEN t.request_hash = o.request_hash THEN 'replayed' ELSE 'idempotency_key_reused' END
              -- Taken from an allowance that is about to lapse, a correction would be void a second later.
              WHEN a.due_at <= in_now THEN 'reset_due' END
    FROM w_op o
    LEFT JOIN w_account a ON a.user_id = o.user_id
    LEFT JOIN credit_transactions t FORCE INDEX (credit_transactions_request) ON t.user_id = a.user_id AND t.operation = 'adjust' AND t.request_key = o.request_key;

  -- How much a negative one takes depends on those before it, so each pass books the next one of every account. Mostly one pass.
  SELECT COUNT(*) INTO v_open FROM w_item WHERE verdict IS NULL;
  WHILE v_open > 0 DO
    DELETE FROM w_judge;
    INSERT INTO w_judge (ord, verdict, first_ord, tx_version, figure)
    SELECT i.ord,
           CASE WHEN i.answered IS NOT NULL THEN CASE WHEN i.answered_hash = i.request_hash THEN 'replayed' ELSE 'idempotency_key_reused' END
                WHEN i.ord <> i.next_of_user THEN NULL
                WHEN i.amount < 0 AND a.balance = a.held THEN 'insufficient_credits' ELSE 'ok' END,
           i.answered, i.answered_version, GREATEST(i.amount, a.held - a.balance)
      FROM (SELECT ord, user_id, verdict, request_hash, amount,
                   MAX(CASE WHEN verdict = 'ok' THEN ord END) OVER (PARTITION BY user_id, request_key) AS answered,
                   MAX(CASE WHEN verdict = 'ok' THEN request_hash END) OVER (PARTITION BY user_id, request_key) AS answered_hash,
                   MAX(CASE WHEN verdict = 'ok' THEN tx_version END) OVER (PARTITION BY user_id, request_key) AS answered_version,
                   MIN(CASE WHEN verdict IS NULL THEN ord END) OVER (PARTITION BY user_id) AS next_of_user
              FROM w_item WHERE verdict IS NULL OR verdict = 'ok') i
      JOIN w_account a ON a.user_id = i.user_id
     WHERE i.verdict IS NULL;
    UPDATE w_item i JOIN w_judge j ON j.ord = i.ord
       SET i.verdict = j.verdict, i.first_ord = j.first_ord, i.tx_version = j.tx_version,
           i.required = CASE WHEN j.verdict = 'insufficient_credits' THEN -i.amount END,
           i.available = CASE WHEN j.verdict = 'insufficient_credits' THEN 0 END
     WHERE j.verdict IS NOT NULL;

    INSERT INTO w_entry (seq, ord, user_id, type, amount, new_kind, new_amount, new_priority, operation)
    SELECT i.ord, i.ord, i.user_id, 'adjust', j.figure, CASE WHEN j.figure > 0 THEN 'adjustment' END, CASE WHEN j.figure > 0 THEN j.figure END, 50, 'adjust'
      FROM w_item i JOIN w_judge j ON j.ord = i.ord
     WHERE j.verdict = 'ok';
    INSERT INTO w_draw (seq, place, grant_id, kind, change_by, reserve)
    SELECT e.seq, g.until, g.id, g.kind, GREATEST(g.until - g.free, 0) - LEAST(g.until, -e.amount), 0
      FROM w_entry e
      JOIN (SELECT g.id, g.user_id, g.kind, g.remaining - g.reserved AS free,
                   SUM(g.remaining - g.reserved) OVER (PARTITION BY g.user_id ORDER BY g.priority, g.expires_at IS NULL, g.expires_at, GREATEST(g.origin_version, g.renewed_version)
                                                       ROWS UNBOUNDED PRECEDING) AS until
              FROM w_account a
              STRAIGHT_JOIN credit_grants g FORCE INDEX (credit_grants_state) ON g.user_id = a.user_id AND g.state = 'open'
             WHERE g.remaining > g.reserved) g
        ON g.user_id = e.user_id AND g.until - g.free < -e.amount
     WHERE e.amount < 0;
    CALL LedgerBook(in_now);
    SELECT COUNT(*) INTO v_open FROM w_item WHERE verdict IS NULL;
  END WHILE;

  CALL LedgerAudit(in_now, in_operations);
  CALL LedgerAnswer();
END
