-- NAME
--   SetAccountStatus: freezes and unfreezes accounts. A frozen account refuses consume and hold; it may still capture, release, be granted and be refunded.
-- SYNOPSIS
--   CALL SetAccountStatus(in_now, in_operations);
-- PARAMETERS
--   in_now         the moment, UTC
--   in_operations  array of at most 1,000 {userId, action freeze|unfreeze, requestKey, requestHash, actor, reason, feature?, metadata?, traceparent?, audit?}
-- RETURNS
--   A row an operation (LedgerAnswer): a ledger row of amount 0. Outcomes: ok; replayed; idempotency_key_reused; account_already_frozen; account_not_frozen; invalid.
-- ERRORS
--   1213, 1205 as every locking statement: roll back and try again. 3819 (MySQL), 4025 (MariaDB): a CHECK refuses an impossible figure; a defect.
-- LOCKS
--   The accounts, in primary-key order.
-- EXAMPLE
--   CALL SetAccountStatus(UTC_TIMESTAMP(3), '[{"userId": "bob", "action": "freeze", "requestKey": "k1", "requestHash": "h1", "actor": "root", "reason": "chargeback"}]');
CREATE PROCEDURE SetAccountStatus(IN in_now DATETIME(3), IN in_operations JSON)
BEGIN
  DECLARE v_open INT DEFAULT 0;
  CALL LedgerBegin();
  CALL LedgerRead(in_operations);
  CALL LedgerLock(in_now);
  CALL LedgerLapse(in_now);

  INSERT INTO w_item (ord, user_id, code, request_key, request_hash, tx_version, verdict)
  SELECT o.ord, a.user_id, o.code, o.request_key, o.request_hash, t.version,
         CASE WHEN a.user_id IS NULL OR o.request_key IS NULL OR o.request_hash IS NULL OR o.code IS NULL OR o.code NOT IN ('freeze', 'unfreeze') THEN 'invalid'
              WHEN t.id IS NOT NULL THEN CASE WHEN t.request_hash = o.request_hash THEN 'replayed' ELSE 'idempotency_key_reused' END END
    FROM w_op o
    LEFT JOIN w_account a ON a.user_id = o.user_id
    LEFT JOIN credit_transactions t FORCE INDEX (credit_transactions_request) ON t.user_id = a.user_id AND t.operation = o.code AND t.request_key = o.request_key;

  -- Whether one applies depends on the one before it, so each pass books the next one of every account. Mostly one pass.
  SELECT COUNT(*) INTO v_open FROM w_item WHERE verdict IS NULL;
  WHILE v_open > 0 DO
    DELETE FROM w_judge;
    INSERT INTO w_judge (ord, verdict, first_ord, tx_version)
    SELECT i.ord,
           CASE WHEN i.answered IS NOT NULL THEN CASE WHEN i.answered_hash = i.request_hash THEN 'replayed' ELSE 'idempotency_key_reused' END
                WHEN i.ord <> i.next_of_user THEN NULL
                WHEN i.code = 'freeze' AND a.status = 'frozen' THEN 'account_already_frozen'
                WHEN i.code = 'unfreeze' AND a.status = 'active' THEN 'account_not_frozen' ELSE 'ok' END,
           i.answered, i.answered_version
      FROM (SELECT ord, user_id, verdict, request_hash, code,
                   MAX(CASE WHEN verdict = 'ok' THEN ord END) OVER (PARTITION BY user_id, code, request_key) AS answered,
                   MAX(CASE WHEN verdict = 'ok' THEN request_hash END) OVER (PARTITION BY user_id, code, request_key) AS answered_hash,
                   MAX(CASE WHEN verdict = 'ok' THEN tx_version END) OVER (PARTITION BY user_id, code, request_key) AS answered_version,
                   MIN(CASE WHEN verdict IS NULL THEN ord END) OVER (PARTITION BY user_id) AS next_of_user
              FROM w_item WHERE verdict IS NULL OR verdict = 'ok') i
      JOIN w_account a ON a.user_id = i.user_id
     WHERE i.verdict IS NULL;
    UPDATE w_item i JOIN w_judge j ON j.ord = i.ord SET i.verdict = j.verdict, i.first_ord = j.first_ord, i.tx_version = j.tx_version WHERE j.verdict IS NOT NULL;

    INSERT INTO w_entry (seq, ord, user_id, type, amount, set_status, operation)
    SELECT i.ord, i.ord, i.user_id, i.code, 0, CASE i.code WHEN 'freeze' THEN 'frozen' ELSE 'active' END, i.code
      FROM w_item i JOIN w_judge j ON j.ord = i.ord
     WHERE j.verdict = 'ok';
    CALL LedgerBook(in_now);
    SELECT COUNT(*) INTO v_open FROM w_item WHERE verdict IS NULL;
  END WHILE;

  CALL LedgerAudit(in_now, in_operations);
  CALL LedgerAnswer();
END
