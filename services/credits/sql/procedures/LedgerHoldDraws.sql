-- NAME
--   LedgerHoldDraws: reads what the holds that the entries end keep of which grant into w_source (id = the hold). Internal.
-- SYNOPSIS
--   CALL LedgerHoldDraws();
CREATE PROCEDURE LedgerHoldDraws()
BEGIN
  DECLARE v_entries INT DEFAULT 0;
  DELETE FROM w_source;
  SELECT COUNT(*) INTO v_entries FROM w_entry;
  IF v_entries > 0 THEN
    INSERT INTO w_source (id, place, grant_id, kind, amount)
    SELECT h.id, d.place, d.grant_id, d.kind, d.reserve
      FROM w_entry e
      STRAIGHT_JOIN credit_holds h FORCE INDEX (PRIMARY) ON h.id = e.hold_id
      STRAIGHT_JOIN credit_transactions t FORCE INDEX (credit_transactions_version) ON t.user_id = h.user_id AND t.version = h.origin_version
      STRAIGHT_JOIN JSON_TABLE(t.draws, '$[*]' COLUMNS (place FOR ORDINALITY, grant_id BIGINT PATH '$.g',
               kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.k', reserve BIGINT PATH '$.r')) d;
  END IF;
END
