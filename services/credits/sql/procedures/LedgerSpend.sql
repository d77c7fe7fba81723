-- NAME
--   LedgerSpend: judges and books operations that need free credits, in order: consume and hold. Internal.
-- SYNOPSIS
--   CALL LedgerSpend(in_now, in_operations, in_operation);
-- PARAMETERS
--   in_now         the moment
--   in_operations  as ConsumeCredits and HoldCredits
--   in_operation   'consume' or 'hold'
-- RESULT
--   w_item holds the verdict on each operation, in the same way as if they had come one after the other: ok, replayed, idempotency_key_reused,
--   insufficient_credits, account_frozen, reset_due, invalid.
-- LOCKS
--   The accounts, in primary-key order.
CREATE PROCEDURE LedgerSpend(IN in_now DATETIME(3), IN in_operations JSON, IN in_operation VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin)
BEGIN
  DECLARE v_open INT DEFAULT 0;
  DECLARE v_short INT DEFAULT 0;
  DECLARE v_ok INT DEFAULT 0;

  CALL LedgerBegin();

  CALL LedgerReadSpend(in_operations, in_operation);
  CALL LedgerLock(in_now);
  CALL LedgerLapse(in_now);

  -- Most batches are judged by this one statement. `run` counts what the new operations of the account need up to and including this one;
  -- what could not fit even alone is refused at once and does not count.
  INSERT INTO w_item (ord, user_id, amount, request_key, request_hash, ends_at, tx_version, verdict)
  SELECT ord, user_id, amount, request_key, request_hash, ends_at, tx_version,
         CASE WHEN verdict IS NOT NULL THEN verdict
              WHEN turn = 1 AND amount > free THEN 'insufficient_credits'
              WHEN turn = 1 AND SUM(CASE WHEN verdict IS NULL AND turn = 1 AND amount <= free THEN amount ELSE 0 END)
                                  OVER (PARTITION BY user_id ORDER BY ord ROWS UNBOUNDED PRECEDING) <= free THEN 'ok' END
    FROM (SELECT ord, user_id, amount, request_key, request_hash, ends_at, tx_version, free, verdict,
                 ROW_NUMBER() OVER (PARTITION BY user_id, request_key ORDER BY ord) AS turn
            FROM (SELECT o.ord, a.user_id, o.amount, o.request_key, o.request_hash, t.version AS tx_version, a.balance - a.held AS free,
                         in_now + INTERVAL o.ttl SECOND AS ends_at,
                         CASE WHEN a.user_id IS NULL OR o.request_key IS NULL OR o.request_hash IS NULL OR o.amount IS NULL
                                   OR o.amount NOT BETWEEN 1 AND 1000000 THEN 'invalid'
                              WHEN t.id IS NOT NULL THEN CASE WHEN t.request_hash = o.request_hash THEN 'replayed' ELSE 'idempotency_key_reused' END
                              WHEN in_operation = 'hold' AND (o.ttl IS NULL OR o.ttl NOT BETWEEN 1 AND 86400) THEN 'invalid'
                              WHEN a.due_at <= in_now THEN 'reset_due'
                              WHEN a.status = 'frozen' THEN 'account_frozen' END AS verdict
                    FROM w_op o
                    LEFT JOIN w_account a ON a.user_id = o.user_id
                    LEFT JOIN credit_transactions t FORCE INDEX (credit_transactions_request) ON t.user_id = a.user_id AND t.operation = in_operation
                                                   AND t.request_key = o.request_key) known) numbered;

  SELECT COALESCE(SUM(verdict IS NULL), 0), COALESCE(SUM(verdict = 'insufficient_credits'), 0), COALESCE(SUM(verdict = 'ok'), 0)
    INTO v_open, v_short, v_ok FROM w_item;

  -- Some did not fit, or repeat another of this batch. Each pass decides at least one operation of every account that has any left, so it ends.
  WHILE v_open > 0 DO
    DELETE FROM w_judge;
    INSERT INTO w_judge (ord, verdict, first_ord)
    SELECT ord,
           CASE WHEN answered IS NOT NULL THEN CASE WHEN answered_hash = request_hash THEN 'replayed' ELSE 'idempotency_key_reused' END
                WHEN turn = 1 AND amount > free THEN 'insufficient_credits'
                WHEN turn = 1 AND SUM(CASE WHEN turn = 1 AND answered IS NULL AND amount <= free THEN amount ELSE 0 END)
                                    OVER (PARTITION BY user_id ORDER BY ord ROWS UNBOUNDED PRECEDING) <= free THEN 'ok' END,
           answered
      FROM (SELECT i.ord, i.user_id, i.amount, i.request_hash, i.verdict, a.balance - a.held - i.taken AS free, i.answered, i.answered_hash,
                   ROW_NUMBER() OVER (PARTITION BY i.user_id, i.request_key, i.answered ORDER BY i.ord) AS turn
              FROM (SELECT ord, user_id, amount, request_key, request_hash, verdict,
                           SUM(CASE WHEN verdict = 'ok' THEN amount ELSE 0 END) OVER (PARTITION BY user_id) AS taken,
                           MAX(CASE WHEN verdict = 'ok' THEN ord END) OVER (PARTITION BY user_id, request_key) AS answered,
                           MAX(CASE WHEN verdict = 'ok' THEN request_hash END) OVER (PARTITION BY user_id, request_key) AS answered_hash
                      FROM w_item WHERE verdict IS NULL OR verdict = 'ok') i
              JOIN w_account a ON a.user_id = i.user_id
             WHERE i.verdict IS NULL) left_over;
    UPDATE w_item i JOIN w_judge j ON j.ord = i.ord SET i.verdict = j.verdict, i.first_ord = j.first_ord WHERE j.verdict IS NOT NULL;
    SELECT COALESCE(SUM(verdict IS NULL), 0), COALESCE(SUM(verdict = 'insufficient_credits'), 0), COALESCE(SUM(verdict = 'ok'), 0)
      INTO v_open, v_short, v_ok FROM w_item;
  END WHILE;

  IF v_short > 0 THEN
    -- What was free when a refused one had its turn.
    DELETE FROM w_judge;
    INSERT INTO w_judge (ord, figure)
    SELECT ord, free
      FROM (SELECT i.ord, i.verdict,
                   a.balance - a.held - SUM(CASE WHEN i.verdict = 'ok' THEN i.amount ELSE 0 END)
                                          OVER (PARTITION BY i.user_id ORDER BY i.ord ROWS UNBOUNDED PRECEDING) AS free
              FROM w_item i JOIN w_account a ON a.user_id = i.user_id) judged
     WHERE verdict = 'insufficient_credits';
    UPDATE w_item i JOIN w_judge j ON j.ord = i.ord SET i.required = i.amount, i.available = j.figure;
  END IF;

  -- Repeats, refusals and accounts that are due first write nothing.
  IF v_ok > 0 THEN
    INSERT INTO w_entry (seq, ord, user_id, type, amount, held_change, hold_until, operation)
    SELECT ord, ord, user_id, in_operation, CASE in_operation WHEN 'consume' THEN -amount ELSE 0 END,
           CASE in_operation WHEN 'consume' THEN 0 ELSE amount END, CASE in_operation WHEN 'hold' THEN ends_at END, in_operation
      FROM w_item WHERE verdict = 'ok';

    -- Each entry needs the interval (until − need, until] of its account's running need; each grant offers an interval of the running sum of
    -- what is free. Where they overlap, the entry draws from the grant.
    INSERT INTO w_draw (seq, place, grant_id, kind, change_by, reserve)
    SELECT n.seq, g.until, g.id, g.kind,
           CASE in_operation WHEN 'consume' THEN GREATEST(g.until - g.free, n.until - n.need) - LEAST(g.until, n.until) ELSE 0 END,
           CASE in_operation WHEN 'consume' THEN 0 ELSE LEAST(g.until, n.until) - GREATEST(g.until - g.free, n.until - n.need) END
      FROM (SELECT seq, user_id, held_change - amount AS need,
                   SUM(held_change - amount) OVER (PARTITION BY user_id ORDER BY seq ROWS UNBOUNDED PRECEDING) AS until
              FROM w_entry) n
      JOIN (SELECT g.id, g.user_id, g.kind, g.remaining - g.reserved AS free,
                   SUM(g.remaining - g.reserved) OVER (PARTITION BY g.user_id ORDER BY g.priority, g.expires_at IS NULL, g.expires_at, GREATEST(g.origin_version, g.renewed_version)
                                                       ROWS UNBOUNDED PRECEDING) AS until
              FROM w_account a
              STRAIGHT_JOIN credit_grants g FORCE INDEX (credit_grants_state) ON g.user_id = a.user_id AND g.state = 'open'
             WHERE g.remaining > g.reserved) g
        ON g.user_id = n.user_id AND g.until > n.until - n.need AND g.until - g.free < n.until;

    CALL LedgerBook(in_now);
  END IF;
END
