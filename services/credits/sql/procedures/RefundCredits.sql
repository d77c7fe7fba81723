-- NAME
--   RefundCredits: gives back a consumption, all or part, once in total, to the grants it came from.
-- SYNOPSIS
--   CALL RefundCredits(in_now, in_operations);
-- PARAMETERS
--   in_now         the moment, UTC
--   in_operations  array of at most 1,000 {transactionId, amount? (all that is left), userId? (the owner it must have), requestKey, requestHash, actor, reason, feature?,
--                  metadata?, traceparent?, audit?}
-- RETURNS
--   A row an operation (LedgerAnswer). Outcomes: ok; replayed; idempotency_key_reused; transaction_not_found; not_refundable (no consume row); nothing_to_refund;
--   refund_exceeds_original (refundable = what is left of it); reset_due; invalid.
-- NOTES
--   The last credits drawn are the first given back. A grant that has ended meanwhile, or is not the account's any more, takes nothing: a new `refund` grant does.
--   A frozen account is refunded.
-- ERRORS
--   1213, 1205 as every locking statement: roll back and try again. 3819 (MySQL), 4025 (MariaDB): a CHECK refuses an impossible figure; a defect.
-- LOCKS
--   The accounts of the transactions, in primary-key order.
-- EXAMPLE
--   CALL RefundCredits(UTC_TIMESTAMP(3), '[{"transactionId": "12", "amount": 1, "requestKey": "r1", "requestHash": "h1", "actor": "billing", "reason": "upstream failed"}]');
CREATE PROCEDURE RefundCredits(IN in_now DATETIME(3), IN in_operations JSON)
BEGIN
  DECLARE v_open INT DEFAULT 0;
  CALL LedgerBegin();
  CALL LedgerRead(in_operations);
  -- Whose transaction it is never changes: read without a lock.
  DELETE FROM w_user;
  INSERT INTO w_user (user_id)
  SELECT DISTINCT c.user_id FROM w_op o STRAIGHT_JOIN credit_transactions c FORCE INDEX (PRIMARY) ON c.id = o.target_id;
  CALL LedgerLock(in_now);
  CALL LedgerLapse(in_now);

  INSERT INTO w_item (ord, user_id, amount, request_key, request_hash, target_id, tx_version, refundable, verdict)
  SELECT o.ord, c.user_id, o.amount, o.request_key, o.request_hash, c.id, t.version,
         -- NULL: no consumption, nothing of it can be given back.
         CASE c.type WHEN 'consume' THEN
           -c.amount - COALESCE((SELECT SUM(r.amount) FROM credit_transactions r FORCE INDEX (credit_transactions_related) WHERE r.related_transaction_id = c.id AND r.type = 'refund'), 0) END,
         CASE WHEN o.request_key IS NULL OR o.request_hash IS NULL OR o.amount < 1 THEN 'invalid'
              WHEN c.id IS NULL OR o.user_id <> c.user_id THEN 'transaction_not_found'
              WHEN t.id IS NOT NULL THEN CASE WHEN t.request_hash = o.request_hash THEN 'replayed' ELSE 'idempotency_key_reused' END
              WHEN c.type = 'consume' AND a.due_at <= in_now THEN 'reset_due' END
    FROM w_op o
    LEFT JOIN credit_transactions c FORCE INDEX (PRIMARY) ON c.id = o.target_id
    LEFT JOIN w_account a ON a.user_id = c.user_id
    LEFT JOIN credit_transactions t FORCE INDEX (credit_transactions_request) ON t.user_id = c.user_id AND t.operation = 'refund' AND t.request_key = o.request_key;

  -- Each pass decides at least the first undecided operation, so it ends; mostly the first pass decides all.
  SELECT COUNT(*) INTO v_open FROM w_item WHERE verdict IS NULL;
  WHILE v_open > 0 DO
    DELETE FROM w_judge;
    INSERT INTO w_judge (ord, verdict, first_ord, figure)
    SELECT ord,
           CASE WHEN answered IS NOT NULL THEN CASE WHEN answered_hash = request_hash THEN 'replayed' ELSE 'idempotency_key_reused' END
                WHEN ord <> next_of_target OR ord <> next_of_key THEN NULL
                WHEN refundable IS NULL THEN 'not_refundable'
                WHEN refundable - taken <= 0 THEN 'nothing_to_refund'
                WHEN amount > refundable - taken THEN 'refund_exceeds_original'
                ELSE 'ok' END,
           answered, refundable - taken
      FROM (SELECT ord, verdict, request_hash, amount, refundable,
                   SUM(CASE WHEN verdict = 'ok' THEN amount ELSE 0 END) OVER (PARTITION BY target_id) AS taken,
                   MAX(CASE WHEN verdict = 'ok' THEN ord END) OVER (PARTITION BY user_id, request_key) AS answered,
                   MAX(CASE WHEN verdict = 'ok' THEN request_hash END) OVER (PARTITION BY user_id, request_key) AS answered_hash,
                   MIN(CASE WHEN verdict IS NULL THEN ord END) OVER (PARTITION BY target_id) AS next_of_target,
                   MIN(CASE WHEN verdict IS NULL THEN ord END) OVER (PARTITION BY user_id, request_key) AS next_of_key
              FROM w_item WHERE verdict IS NULL OR verdict = 'ok') i
     WHERE verdict IS NULL;
    -- An operation without an amount takes all that is left; one too large is told what is left.
    UPDATE w_item i JOIN w_judge j ON j.ord = i.ord
       SET i.verdict = j.verdict, i.first_ord = j.first_ord,
           i.amount = CASE WHEN j.verdict = 'ok' THEN COALESCE(i.amount, j.figure) ELSE i.amount END,
           i.available = CASE WHEN j.verdict = 'refund_exceeds_original' THEN j.figure END
     WHERE j.verdict IS NOT NULL;
    SELECT COUNT(*) INTO v_open FROM w_item WHERE verdict IS NULL;
  END WHILE;

  INSERT INTO w_entry (seq, ord, user_id, type, amount, related_id, operation)
  SELECT ord, ord, user_id, 'refund', amount, target_id, 'refund' FROM w_item WHERE verdict = 'ok';

  SELECT COUNT(*) INTO v_open FROM w_entry;
  IF v_open > 0 THEN
    -- What LedgerLapse read is of holds: their ids are other numbers than those of consumptions, and may be equal to them.
    DELETE FROM w_source;
    INSERT INTO w_source (id, place, grant_id, kind, amount)
    SELECT DISTINCT c.id, d.place, d.grant_id, d.kind, -d.change_by
      FROM w_entry e
      STRAIGHT_JOIN credit_transactions c FORCE INDEX (PRIMARY) ON c.id = e.related_id
      STRAIGHT_JOIN JSON_TABLE(c.draws, '$[*]' COLUMNS (place FOR ORDINALITY, grant_id BIGINT PATH '$.g',
               kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.k', change_by BIGINT PATH '$.c')) d
     WHERE d.change_by < 0;
  END IF;

  -- Refunds of one consumption cover its draws from the last one backward, each where the one before it stopped. ends = 1 marks shares of grants that have ended.
  INSERT INTO w_draw (seq, place, grant_id, kind, change_by, reserve, ends)
  SELECT n.ord, s.until, s.grant_id, s.kind, LEAST(n.until, s.until) - GREATEST(n.until - n.amount, s.until - s.amount), 0,
         CASE WHEN g.id IS NULL OR g.state IN ('ending', 'ended') OR g.expires_at <= in_now OR g.renewed_version > n.version THEN 1 ELSE 0 END
    FROM (SELECT i.ord, i.user_id, i.target_id, i.amount, c.version,
                 -c.amount - i.refundable + SUM(i.amount) OVER (PARTITION BY i.target_id ORDER BY i.ord ROWS UNBOUNDED PRECEDING) AS until
            FROM w_item i JOIN credit_transactions c FORCE INDEX (PRIMARY) ON c.id = i.target_id
           WHERE i.verdict = 'ok') n
    JOIN (SELECT id, grant_id, kind, amount,
                 SUM(amount) OVER (PARTITION BY id ORDER BY place DESC ROWS UNBOUNDED PRECEDING) AS until
            FROM w_source) s
      ON s.id = n.target_id AND s.until > n.until - n.amount AND s.until - s.amount < n.until
    LEFT JOIN credit_grants g FORCE INDEX (PRIMARY) ON g.id = s.grant_id AND g.user_id = n.user_id;

  DELETE FROM w_judge;
  INSERT INTO w_judge (ord, figure) SELECT seq, SUM(change_by) FROM w_draw WHERE ends = 1 GROUP BY seq;
  UPDATE w_entry e JOIN w_judge j ON j.ord = e.seq
     SET e.new_kind = 'refund', e.new_amount = j.figure, e.new_priority = 50;
  DELETE FROM w_draw WHERE ends = 1;

  CALL LedgerBook(in_now);
  UPDATE w_item SET refundable = available, available = NULL;
  CALL LedgerAudit(in_now, in_operations);
  CALL LedgerAnswer();
END
