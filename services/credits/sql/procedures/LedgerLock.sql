-- NAME
--   LedgerLock: creates the accounts in w_user that do not exist and locks all of them. Internal.
-- SYNOPSIS
--   CALL LedgerLock(in_now);
-- PARAMETERS
--   in_now  the moment; created_at of new accounts
-- RESULT
--   w_account holds every account of w_user whose id is well formed.
-- LOCKS
--   X on profiles, in primary-key order: two calls can't wait for each other. Everything else of an account is read and written
--   only under this lock, so grants, holds and ledger rows need none of their own.
CREATE PROCEDURE LedgerLock(IN in_now DATETIME(3))
BEGIN
  DECLARE v_missing INT DEFAULT 0;

  INSERT INTO w_account (user_id, version, balance, held, status, allowance_remaining, tier, monthly_credits, next_reset_at,
                         due_at, lapse_at, low_threshold, is_low, served_start, served_end, served_given, last_at)
  SELECT p.user_id, p.version, p.balance, p.held, p.status, p.allowance_remaining, p.tier, p.monthly_credits, p.next_reset_at,
         p.due_at, p.lapse_at, p.low_threshold, p.is_low, p.served_start, p.served_end, p.served_given, p.last_at
    -- The LIMIT keeps the derived table, and with it the order in which the locks are taken.
    FROM (SELECT user_id FROM w_user ORDER BY user_id LIMIT 100000) u
    STRAIGHT_JOIN profiles p FORCE INDEX (PRIMARY) ON p.user_id = u.user_id
     FOR UPDATE;

  SELECT COUNT(*) INTO v_missing
    FROM w_user u LEFT JOIN w_account a ON a.user_id = u.user_id
   WHERE a.user_id IS NULL;

  IF v_missing > 0 THEN
    INSERT IGNORE INTO profiles (user_id, created_at, last_at)
    SELECT u.user_id, in_now, in_now
      FROM w_user u LEFT JOIN w_account a ON a.user_id = u.user_id
     WHERE a.user_id IS NULL AND u.user_id REGEXP '^[A-Za-z0-9_.@|:-]+$'
     ORDER BY u.user_id;

    DELETE FROM w_account;
    INSERT INTO w_account (user_id, version, balance, held, status, allowance_remaining, tier, monthly_credits, next_reset_at,
                           due_at, lapse_at, low_threshold, is_low, served_start, served_end, served_given, last_at)
    SELECT p.user_id, p.version, p.balance, p.held, p.status, p.allowance_remaining, p.tier, p.monthly_credits, p.next_reset_at,
           p.due_at, p.lapse_at, p.low_threshold, p.is_low, p.served_start, p.served_end, p.served_given, p.last_at
      FROM (SELECT user_id FROM w_user ORDER BY user_id LIMIT 100000) u
      STRAIGHT_JOIN profiles p FORCE INDEX (PRIMARY) ON p.user_id = u.user_id
       FOR UPDATE;
  END IF;
END
