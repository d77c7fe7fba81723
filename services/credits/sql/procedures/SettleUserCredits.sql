-- NAME
--   SettleUserCredits: CheckAndResetUserCredits for many accounts of which nobody waits for more than the outcome: the sweep, events, due accounts.
-- SYNOPSIS
--   CALL SettleUserCredits(in_now, in_operations);
-- PARAMETERS
--   See CheckAndResetUserCredits.
-- RETURNS
--   A row an operation, in order: ord, outcome (as CheckAndResetUserCredits).
-- ERRORS
--   1213, 1205 as every locking statement: roll back and try again. 3819 (MySQL), 4025 (MariaDB): a CHECK refuses an impossible figure; a defect.
-- LOCKS
--   The accounts, in primary-key order.
-- EXAMPLE
--   CALL SettleUserCredits(UTC_TIMESTAMP(3), '[{"userId": "alice", "membershipVersion": 1, "action": "none", "actor": "system", "reason": "membership changed"}]');
CREATE PROCEDURE SettleUserCredits(IN in_now DATETIME(3), IN in_operations JSON)
BEGIN
  CALL LedgerAllowance(in_now, in_operations);
  SELECT ord, verdict AS outcome FROM w_item ORDER BY ord;
END
