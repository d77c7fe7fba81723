-- NAME
--   LedgerLapse: frees holds past their end and lapses what has expired, of the locked accounts. Internal.
-- SYNOPSIS
--   CALL LedgerLapse(in_now);
-- RESULT
--   A `release` row for each hold past its end (no crash can leave credits reserved for good), then an `expire` row for each grant
--   with credits that nobody may spend any more: past its expiry, or ended by a reset while a hold still kept part of it. Credits that an open hold
--   keeps lapse only when the hold ends. profiles.lapse_at is set anew.
-- LOCKS
--   None beyond the accounts, which must be locked.
CREATE PROCEDURE LedgerLapse(IN in_now DATETIME(3))
BEGIN
  DECLARE v_due INT DEFAULT 0;
  DECLARE v_found INT DEFAULT 0;
  DECLARE v_pass INT DEFAULT 1;
  SELECT COUNT(*) INTO v_due FROM w_account WHERE lapse_at <= in_now;
  IF v_due > 0 THEN
    SET v_found = 1;
    -- In passes, because work tables are bounded and a pass costs more than its share when it is large. At most 10,000 holds a call:
    -- what is left stays reserved and lapse_at in the past, so the next touch goes on.
    WHILE v_found > 0 AND v_pass <= 20 DO
      INSERT INTO w_entry (seq, user_id, type, amount, held_change, hold_id, hold_end, operation, own_reason)
      SELECT ROW_NUMBER() OVER (ORDER BY h.expires_at, h.id), h.user_id, 'release', 0, -h.amount, h.id, 'expired', 'expire', 'hold expired'
        FROM w_account a
        STRAIGHT_JOIN credit_holds h FORCE INDEX (credit_holds_status) ON h.user_id = a.user_id AND h.status = 'open'
       WHERE a.lapse_at <= in_now AND h.expires_at <= in_now
       ORDER BY h.expires_at, h.id LIMIT 500;
      SET v_found = ROW_COUNT(), v_pass = v_pass + 1;
      IF v_found > 0 THEN
        CALL LedgerHoldDraws();
        INSERT INTO w_draw (seq, place, grant_id, kind, change_by, reserve)
        SELECT e.seq, d.place, d.grant_id, d.kind, 0, -d.amount FROM w_entry e JOIN w_source d ON d.id = e.hold_id;
        CALL LedgerBook(in_now);
      END IF;
    END WHILE;

    CALL LedgerLapseGrants(in_now);

    -- Spent grants count: a refund opens them again. A row that an engine passes over here keeps a lapse_at in the past: the next touch looks again.
    UPDATE (SELECT a.user_id, (SELECT MIN(g.expires_at) FROM credit_grants g
                                WHERE g.user_id = a.user_id AND g.state IN ('open', 'spent') AND g.expires_at > in_now) AS grant_end,
                   (SELECT MIN(h.expires_at) FROM credit_holds h WHERE h.user_id = a.user_id AND h.status = 'open') AS hold_end
              FROM w_account a WHERE a.lapse_at <= in_now) n
      STRAIGHT_JOIN profiles p FORCE INDEX (PRIMARY) ON p.user_id = n.user_id
       SET p.lapse_at = CASE WHEN n.grant_end IS NULL OR n.hold_end < n.grant_end THEN n.hold_end ELSE n.grant_end END;
    UPDATE w_account a STRAIGHT_JOIN profiles p FORCE INDEX (PRIMARY) ON p.user_id = a.user_id SET a.lapse_at = p.lapse_at WHERE a.lapse_at <= in_now;
  END IF;
END
