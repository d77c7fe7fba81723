-- NAME
--   LedgerLapseGrants: writes an `expire` row for each grant with free credits that nobody may spend any more. Internal.
-- SYNOPSIS
--   CALL LedgerLapseGrants(in_now);
-- NOTES
--   Part of LedgerLapse; also called after a hold ended, because what it kept of an ended grant lapses at that moment.
CREATE PROCEDURE LedgerLapseGrants(IN in_now DATETIME(3))
BEGIN
  DECLARE v_found INT DEFAULT 1;
  -- In passes, because work tables are bounded; each lapses what it finds, so it ends.
  WHILE v_found > 0 DO
    INSERT INTO w_entry (seq, user_id, type, amount, grant_id, operation, own_reason)
    SELECT ROW_NUMBER() OVER (ORDER BY g.expires_at, g.id), g.user_id, 'expire', g.reserved - g.remaining, g.id, 'expire',
           CASE WHEN g.expires_at <= in_now THEN 'grant expired' ELSE 'allowance lapsed' END
      FROM w_account a
      STRAIGHT_JOIN credit_grants g FORCE INDEX (credit_grants_state) ON g.user_id = a.user_id AND g.state IN ('open', 'ending')
     WHERE (g.state = 'ending' OR g.expires_at <= in_now) AND g.remaining > g.reserved
     ORDER BY g.expires_at, g.id LIMIT 500;
    SET v_found = ROW_COUNT();
    IF v_found > 0 THEN
      INSERT INTO w_draw (seq, place, grant_id, kind, change_by, reserve, ends)
      SELECT e.seq, 1, g.id, g.kind, e.amount, 0, 1
        FROM w_entry e JOIN credit_grants g FORCE INDEX (PRIMARY) ON g.id = e.grant_id;
      CALL LedgerBook(in_now);
    END IF;
  END WHILE;
END
