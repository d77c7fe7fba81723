-- NAME
--   ClaimAccounts: what the allowance of these accounts is planned from; creates missing accounts and locks all.
-- SYNOPSIS
--   CALL ClaimAccounts(in_now, in_user_ids, in_claim);
-- PARAMETERS
--   in_now       the moment, UTC
--   in_user_ids  array of at most 1,000 user ids
--   in_claim     a number of this transaction: SettleAccounts in the same transaction, told the same number, takes the accounts as they were
--                locked and read here. NULL: it locks and reads them itself.
-- RETURNS
--   See LedgerDueState.
-- ERRORS
--   1213, 1205 as every locking statement: roll back and try again. 3819 (MySQL), 4025 (MariaDB): a CHECK refuses an impossible figure; a defect.
-- LOCKS
--   The accounts, in primary-key order.
-- EXAMPLE
--   CALL ClaimAccounts(UTC_TIMESTAMP(3), '["alice", "bob"]', NULL);
CREATE PROCEDURE ClaimAccounts(IN in_now DATETIME(3), IN in_user_ids JSON, IN in_claim BIGINT)
BEGIN
  CALL LedgerBegin();
  CALL LedgerUsers(in_user_ids);
  CALL LedgerLock(in_now);
  SET @ledger_claim = in_claim;
  CALL LedgerDueState();
END
