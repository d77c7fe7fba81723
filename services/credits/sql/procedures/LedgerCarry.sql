-- NAME
--   LedgerCarry: brings w_account and w_item.tx_version up to date with what LedgerEnter wrote, for who looks at them afterwards. Internal.
-- SYNOPSIS
--   CALL LedgerCarry();
CREATE PROCEDURE LedgerCarry()
BEGIN
  UPDATE w_account a JOIN w_line p ON p.user_id = a.user_id
     SET a.version = p.version, a.balance = p.balance_after, a.held = p.held_after, a.status = p.status_after,
         a.allowance_remaining = p.allowance_after, a.is_low = p.low_after, a.last_at = p.created_at
   WHERE p.is_last = 1;
  UPDATE w_item i JOIN w_line p ON p.ord = COALESCE(i.first_ord, i.ord) SET i.tx_version = p.version;
END
