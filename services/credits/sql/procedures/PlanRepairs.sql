-- NAME
--   PlanRepairs: what RepairAccounts would do with these accounts now. Changes nothing.
-- SYNOPSIS
--   CALL PlanRepairs(in_user_ids);
-- PARAMETERS
--   in_user_ids  array of at most 100 user ids
-- RETURNS
--   A row an account that exists and differs, by user_id: version; proposal (names the difference, for RepairAccounts); restates (1: the ledger itself is damaged);
--   balance, held, status, row_version, allowance, grants, reserved, holds as found; told, told_held, what the customer was told last; last_balance of the newest row;
--   target, target_held, target_status, target_allowance; fresh_amount of a new grant; grant_changes, grant_words, hold_changes, hold_words (JSON arrays, at most 20 each).
-- ERRORS
--   1213, 1205 as every locking statement: roll back and try again.
-- LOCKS
--   The accounts, in primary-key order, so that all is of one moment: commit at once.
-- EXAMPLE
--   CALL PlanRepairs('["alice"]');
CREATE PROCEDURE PlanRepairs(IN in_user_ids JSON)
BEGIN
  CALL LedgerBegin();
  CALL LedgerUsers(in_user_ids);
  -- Without those that do not exist: a look makes no account.
  DELETE u FROM w_user u LEFT JOIN profiles p FORCE INDEX (PRIMARY) ON p.user_id = u.user_id WHERE p.user_id IS NULL;
  CALL LedgerLock('1970-01-01 00:00:00.000');
  CALL LedgerRepairRead();
  CALL LedgerRepairPlan();
  CALL LedgerRepairWords();
  SELECT user_id, GREATEST(version, newest) AS version, proposal, restates, balance, held, status, version AS row_version, newest, allowance, grants, reserved, holds,
         told, told_held, last_balance, target, target_held, target_status, target_allowance, fresh_amount, grant_changes, grant_words, hold_changes, hold_words
    FROM w_repair
   WHERE differs = 1
   ORDER BY user_id;
END
