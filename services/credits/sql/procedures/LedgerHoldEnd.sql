-- NAME
--   LedgerHoldEnd: judges and books captures and releases, in order. Internal.
-- SYNOPSIS
--   CALL LedgerHoldEnd(in_now, in_operations, in_operation);
-- PARAMETERS
--   in_now         the moment
--   in_operations  as CaptureHolds and ReleaseHolds
--   in_operation   'capture' or 'release'
-- RESULT
--   w_item holds the verdict on each operation: ok, replayed, idempotency_key_reused, hold_not_found, hold_captured, hold_released, hold_expired,
--   capture_exceeds_hold (refundable = what is held), invalid.
-- LOCKS
--   The accounts of the holds, in primary-key order.
CREATE PROCEDURE LedgerHoldEnd(IN in_now DATETIME(3), IN in_operations JSON, IN in_operation VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin)
BEGIN
  DECLARE v_open INT DEFAULT 0;
  CALL LedgerBegin();
  CALL LedgerRead(in_operations);
  -- Whose hold it is never changes: read without a lock.
  DELETE FROM w_user;
  INSERT INTO w_user (user_id)
  SELECT DISTINCT h.user_id FROM w_op o STRAIGHT_JOIN credit_holds h FORCE INDEX (PRIMARY) ON h.id = o.target_id;
  CALL LedgerLock(in_now);
  -- A hold past its end is expired here, before it is looked at.
  CALL LedgerLapse(in_now);

  INSERT INTO w_item (ord, user_id, amount, request_key, request_hash, target_id, tx_version, refundable, code, verdict)
  SELECT o.ord, h.user_id, COALESCE(o.amount, h.amount), o.request_key, o.request_hash, h.id, t.version, h.amount,
         -- LedgerLapse frees only so many at once: what it left is expired all the same.
         CASE WHEN h.status = 'open' AND h.expires_at <= in_now THEN 'expired' ELSE CONCAT(h.status) END,
         CASE WHEN o.request_key IS NULL OR o.request_hash IS NULL OR o.amount < 1 THEN 'invalid'
              WHEN h.id IS NULL OR o.user_id <> h.user_id THEN 'hold_not_found'
              WHEN t.id IS NOT NULL THEN CASE WHEN t.request_hash = o.request_hash THEN 'replayed' ELSE 'idempotency_key_reused' END END
    FROM w_op o
    LEFT JOIN credit_holds h FORCE INDEX (PRIMARY) ON h.id = o.target_id
    LEFT JOIN credit_transactions t FORCE INDEX (credit_transactions_request) ON t.user_id = h.user_id AND t.operation = in_operation AND t.request_key = o.request_key;

  -- The first sound one ends a hold. Each pass decides at least the first undecided operation, so it ends; mostly the first pass decides all.
  SELECT COUNT(*) INTO v_open FROM w_item WHERE verdict IS NULL;
  WHILE v_open > 0 DO
    DELETE FROM w_judge;
    INSERT INTO w_judge (ord, verdict, first_ord)
    SELECT ord,
           CASE WHEN answered IS NOT NULL THEN CASE WHEN answered_hash = request_hash THEN 'replayed' ELSE 'idempotency_key_reused' END
                WHEN ended IS NOT NULL THEN CASE in_operation WHEN 'capture' THEN 'hold_captured' ELSE 'hold_released' END
                WHEN ord = next_of_hold AND ord = next_of_key THEN CASE WHEN code <> 'open' THEN CONCAT('hold_', code) WHEN amount > refundable THEN 'capture_exceeds_hold' ELSE 'ok' END END,
           answered
      FROM (SELECT ord, verdict, request_hash, amount, refundable, code,
                   MAX(CASE WHEN verdict = 'ok' THEN ord END) OVER (PARTITION BY user_id, request_key) AS answered,
                   MAX(CASE WHEN verdict = 'ok' THEN request_hash END) OVER (PARTITION BY user_id, request_key) AS answered_hash,
                   MAX(CASE WHEN verdict = 'ok' THEN ord END) OVER (PARTITION BY target_id) AS ended,
                   MIN(CASE WHEN verdict IS NULL THEN ord END) OVER (PARTITION BY target_id) AS next_of_hold,
                   MIN(CASE WHEN verdict IS NULL THEN ord END) OVER (PARTITION BY user_id, request_key) AS next_of_key
              FROM w_item WHERE verdict IS NULL OR verdict = 'ok') i
     WHERE verdict IS NULL;
    UPDATE w_item i JOIN w_judge j ON j.ord = i.ord SET i.verdict = j.verdict, i.first_ord = j.first_ord WHERE j.verdict IS NOT NULL;
    SELECT COUNT(*) INTO v_open FROM w_item WHERE verdict IS NULL;
  END WHILE;
  UPDATE w_item SET refundable = CASE verdict WHEN 'capture_exceeds_hold' THEN refundable END;

  INSERT INTO w_entry (seq, ord, user_id, type, amount, held_change, hold_id, hold_end, operation)
  SELECT i.ord, i.ord, i.user_id, CASE in_operation WHEN 'capture' THEN 'consume' ELSE 'release' END,
         CASE in_operation WHEN 'capture' THEN -i.amount ELSE 0 END, -h.amount, h.id,
         CASE in_operation WHEN 'capture' THEN 'captured' ELSE 'released' END, in_operation
    FROM w_item i JOIN credit_holds h FORCE INDEX (PRIMARY) ON h.id = i.target_id
   WHERE i.verdict = 'ok';

  -- What the hold keeps of which grant stands in its ledger row. A capture takes from the first ones, in the order in which they were reserved.
  CALL LedgerHoldDraws();
  INSERT INTO w_draw (seq, place, grant_id, kind, change_by, reserve)
  SELECT seq, place, grant_id, kind, -GREATEST(0, LEAST(taken, until) - (until - amount)), -amount
    FROM (SELECT e.seq, d.place, d.grant_id, d.kind, d.amount, -e.amount AS taken,
                 SUM(d.amount) OVER (PARTITION BY e.seq ORDER BY d.place ROWS UNBOUNDED PRECEDING) AS until
            FROM w_entry e JOIN w_source d ON d.id = e.hold_id) kept;

  CALL LedgerBook(in_now);
  CALL LedgerLapseGrants(in_now);
END
