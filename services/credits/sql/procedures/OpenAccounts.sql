-- NAME
--   OpenAccounts: books what accounts bring from another system: credits that last, and what is left of the present allowance.
-- SYNOPSIS
--   CALL OpenAccounts(in_now, in_operations);
-- PARAMETERS
--   in_now         the moment, UTC
--   in_operations  array of at most 1,000, one a part and account: {userId, part balance|allowance, amount 0–1,000,000,000, requestKey, siblingKey (of the
--                  account's other part), requestHash, actor, reason, traceparent?, audit?}; for an allowance also {periodStart, periodEnd (the period that holds
--                  in_now), quota (all it is worth), schedule? [{month, periodStart, periodEnd, amount}] the months of a year that were given elsewhere}
-- RETURNS
--   A row an operation (LedgerAnswer). Outcomes:
--   ok                      a `grant` row, of amount 0 and without a grant where nothing is left. An allowance's period is the one served last from then on:
--                           a membership event inside it gives no second month, an upgrade what the quotas differ by, and its end resets what is left
--   replayed                done before under this key
--   idempotency_key_reused  this key or its sibling's stands for another request
--   allowance_served        this account was given an allowance here before
--   invalid                 malformed
--   A refusal of one part refuses the other part of the account as well.
-- ERRORS
--   1213, 1205 as every locking statement: roll back and try again. 3819 (MySQL), 4025 (MariaDB): a CHECK refuses an impossible figure; a defect.
-- LOCKS
--   The accounts, in primary-key order.
-- EXAMPLE
--   CALL OpenAccounts(UTC_TIMESTAMP(3), '[{"userId": "alice", "part": "allowance", "amount": 120, "requestKey": "allowance move-in", "siblingKey": "move-in",
--     "requestHash": "h1", "periodStart": "2026-02-01 00:00:00.000", "periodEnd": "2026-03-01 00:00:00.000", "quota": 250, "actor": "root", "reason": "moved in"}]');
CREATE PROCEDURE OpenAccounts(IN in_now DATETIME(3), IN in_operations JSON)
BEGIN
  CALL LedgerBegin();
  INSERT INTO w_op (ord, user_id, amount, request_key, reference, request_hash, reason, actor, traceparent, code, starts_at, ends_at, monthly_credits)
  SELECT ord, user_id, amount, request_key, sibling_key, request_hash, reason, actor, traceparent, part, starts_at, ends_at, quota
    FROM JSON_TABLE(in_operations, '$[*]' COLUMNS (
           ord FOR ORDINALITY,
           user_id VARCHAR(129) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           part VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.part',
           amount BIGINT PATH '$.amount',
           starts_at DATETIME(3) PATH '$.periodStart',
           ends_at DATETIME(3) PATH '$.periodEnd',
           quota BIGINT PATH '$.quota',
           request_key VARCHAR(192) CHARACTER SET ascii COLLATE ascii_bin PATH '$.requestKey',
           sibling_key VARCHAR(192) CHARACTER SET ascii COLLATE ascii_bin PATH '$.siblingKey',
           request_hash VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.requestHash',
           reason VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.reason',
           actor VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.actor',
           traceparent VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.traceparent')) o;
  INSERT INTO w_user (user_id) SELECT DISTINCT user_id FROM w_op WHERE CHAR_LENGTH(user_id) BETWEEN 1 AND 128;
  CALL LedgerLock(in_now);
  CALL LedgerLapse(in_now);

  -- refundable: the quota. code: the part.
  INSERT INTO w_item (ord, user_id, amount, request_key, request_hash, tx_version, refundable, code, starts_at, ends_at, verdict)
  SELECT ord, user_id, amount, request_key, request_hash, tx_version, quota, part, starts_at, ends_at,
         COALESCE(MAX(refused) OVER (PARTITION BY user_id), CASE WHEN tx_version IS NULL THEN 'ok' ELSE 'replayed' END)
    FROM (SELECT o.ord, a.user_id, o.amount, o.request_key, o.request_hash, t.version AS tx_version, o.monthly_credits AS quota, o.code AS part,
                 o.starts_at, o.ends_at,
                 CASE WHEN a.user_id IS NULL OR o.request_key IS NULL OR o.reference IS NULL OR o.request_hash IS NULL
                           OR o.code IS NULL OR o.code NOT IN ('balance', 'allowance')
                           OR o.amount IS NULL OR o.amount NOT BETWEEN 0 AND 1000000000
                           OR ROW_NUMBER() OVER (PARTITION BY a.user_id, o.code ORDER BY o.ord) > 1 THEN 'invalid'
                      WHEN t.request_hash <> o.request_hash OR s.request_hash <> o.request_hash THEN 'idempotency_key_reused'
                      WHEN t.id IS NOT NULL OR o.code = 'balance' THEN NULL
                      WHEN o.monthly_credits IS NULL OR o.monthly_credits NOT BETWEEN 0 AND 1000000000
                           OR o.starts_at IS NULL OR o.ends_at IS NULL OR o.starts_at > in_now OR o.ends_at <= in_now THEN 'invalid'
                      WHEN a.served_end IS NOT NULL THEN 'allowance_served' END AS refused
            FROM w_op o
            LEFT JOIN w_account a ON a.user_id = o.user_id
            LEFT JOIN credit_transactions t FORCE INDEX (credit_transactions_request) ON t.user_id = a.user_id AND t.operation = 'open' AND t.request_key = o.request_key
            LEFT JOIN credit_transactions s FORCE INDEX (credit_transactions_request) ON s.user_id = a.user_id AND s.operation = 'open' AND s.request_key = o.reference) judged;

  INSERT INTO w_entry (seq, ord, user_id, type, amount, new_kind, new_amount, new_priority, period_start, operation)
  SELECT ord, ord, user_id, 'grant', amount,
         CASE WHEN amount > 0 THEN CASE code WHEN 'allowance' THEN 'allowance' ELSE 'adjustment' END END,
         CASE WHEN amount > 0 THEN amount END, CASE code WHEN 'allowance' THEN 10 ELSE 50 END, starts_at, 'open'
    FROM w_item WHERE verdict = 'ok';

  UPDATE w_item i STRAIGHT_JOIN w_account a ON a.user_id = i.user_id
     SET a.served_start = i.starts_at, a.served_end = i.ends_at, a.served_given = i.refundable
   WHERE i.verdict = 'ok' AND i.code = 'allowance';

  IF JSON_CONTAINS_PATH(in_operations, 'one', '$[*].schedule') THEN
    CALL LedgerReadMonths(in_operations);
    INSERT INTO yearly_member_credits (user_id, period_start, period_end, month, amount, status, given_amount)
    SELECT i.user_id, o.starts_at, o.ends_at, o.month, o.amount, 'given', o.amount
      FROM w_item i
      JOIN w_month o ON o.ord = i.ord
     WHERE i.verdict = 'ok' AND i.code = 'allowance'
        ON DUPLICATE KEY UPDATE month = yearly_member_credits.month;
  END IF;

  CALL LedgerBook(in_now);
  CALL LedgerAudit(in_now, in_operations);
  UPDATE w_item SET required = NULL, available = NULL, refundable = NULL;
  CALL LedgerAnswer();
END
