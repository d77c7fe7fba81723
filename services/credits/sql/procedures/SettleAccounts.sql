-- NAME
--   SettleAccounts: CheckAndResetUserCredits for many accounts of which nobody waits for more than the outcome: the sweep, events, due accounts.
-- SYNOPSIS
--   CALL SettleAccounts(in_now, in_steps, in_accounts, in_claim);
-- PARAMETERS
--   in_now       the moment, UTC
--   in_steps     array of operations as CheckAndResetUserCredits takes them, without userId and membershipVersion. One with schedule or audit serves one
--                account and says in `ord` at which place of in_accounts, from 1, that stands.
--   in_accounts  array of at most 1,000, an account once: [user id, version of the copy of its membership that the plan was made from (null = none known),
--                place of its step in in_steps from 1]. A step may serve many accounts.
--   in_claim     the number given to ClaimAccounts or ClaimDue in this transaction, when no other procedure has moved credits on this connection since: the
--                accounts are not locked and read again, and what is over lapses for all that were claimed. Any other number, or NULL: they are.
-- RETURNS
--   A row an account, in the order of in_accounts: ord, outcome (as CheckAndResetUserCredits).
-- ERRORS
--   1213, 1205 as every locking statement: roll back and try again. 3819 (MySQL), 4025 (MariaDB): a CHECK refuses an impossible figure; a defect.
-- LOCKS
--   The accounts, in primary-key order.
-- EXAMPLE
--   CALL SettleAccounts(UTC_TIMESTAMP(3), '[{"action": "none", "actor": "system", "reason": "membership changed"}]', '[["alice", 1, 1], ["bob", 7, 1]]', NULL);
CREATE PROCEDURE SettleAccounts(IN in_now DATETIME(3), IN in_steps JSON, IN in_accounts JSON, IN in_claim BIGINT)
BEGIN
  CALL LedgerSettle(in_now, in_steps, in_accounts, in_claim);
  SELECT ord, verdict AS outcome FROM w_item ORDER BY ord;
END
