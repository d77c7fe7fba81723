-- NAME
--   SettleUserCredits: CheckAndResetUserCredits for many accounts of which nobody waits for more than the outcome: the sweep, events, due accounts.
-- SYNOPSIS
--   CALL SettleUserCredits(in_now, in_steps, in_accounts, in_claim);
-- PARAMETERS
--   in_now, in_steps, in_accounts  see CheckAndResetUserCredits
--   in_claim                       the number given to LoadDue or ClaimDueAccounts, when that was the last procedure of the ledger called on this connection and
--                                  its transaction is still the same: the accounts are not locked and read again. Any other number, or NULL: they are.
-- RETURNS
--   A row an account, in the order of in_accounts: ord, outcome (as CheckAndResetUserCredits).
-- ERRORS
--   1213, 1205 as every locking statement: roll back and try again. 3819 (MySQL), 4025 (MariaDB): a CHECK refuses an impossible figure; a defect.
-- LOCKS
--   The accounts, in primary-key order.
-- EXAMPLE
--   CALL SettleUserCredits(UTC_TIMESTAMP(3), '[{"action": "none", "actor": "system", "reason": "membership changed"}]', '[["alice", 1, 1], ["bob", 7, 1]]', NULL);
CREATE PROCEDURE SettleUserCredits(IN in_now DATETIME(3), IN in_steps JSON, IN in_accounts JSON, IN in_claim BIGINT)
BEGIN
  CALL LedgerAllowance(in_now, in_steps, in_accounts, in_claim);
  SELECT ord, verdict AS outcome FROM w_item ORDER BY ord;
END
