-- NAME
--   CheckAndResetUserCredits: books planned allowance steps: first allowance, monthly reset, top-up after an upgrade, forfeit.
-- SYNOPSIS
--   CALL CheckAndResetUserCredits(in_now, in_operations);
-- PARAMETERS
--   in_now         the moment, UTC
--   in_operations  array of at most 1,000, one an account: {userId, membershipVersion (the copy the plan was made from; null = none known), action give|force|forfeit|none,
--                  periodStart, periodEnd (for give and force), quota, rolloverCap?, missedCredits?, dueAt?, tier?, monthlyCredits?, nextResetAt?, schedule? [{month,
--                  periodStart, periodEnd, amount}], cancelSchedule?, actor, reason, requestKey?, requestHash?, traceparent?, audit?}
--                  Boundaries come from TypeScript: zone names are often missing in MySQL.
-- RETURNS
--   A row an operation (LedgerAnswer). Outcomes:
--   first      nothing was ever served: a `grant` row of the quota
--   reset      the period begins at or after the end of the served one: one `reset` row with the net amount. Unreserved leftovers lapse, the new
--              allowance is quota + min(rolloverCap, leftover + missedCredits). What holds keep of the old allowance lapses when they end.
--   topped_up  the period overlaps the served one: a `grant` row of max(0, quota − what was given), so that upgrading, changing the anchor, or leaving and
--              coming back never gives more than the highest quota
--   forfeited  an `expire` row of the unreserved leftover
--   unchanged  nothing to give or take; due_at, tier and schedule are up to date
--   stale (the copy moved on: plan again), not_current (the period has not begun), replayed, idempotency_key_reused, invalid: nothing was done
--   `force` is an admin's reset: a served period is set to the quota again.
-- NOTES
--   Unique per account and period in the ledger itself: operation `allowance`, key = period start # total given.
-- ERRORS
--   1213, 1205 as every locking statement: roll back and try again. 3819 (MySQL), 4025 (MariaDB): a CHECK refuses an impossible figure; a defect.
-- LOCKS
--   The accounts, in primary-key order.
-- EXAMPLE
--   CALL CheckAndResetUserCredits(UTC_TIMESTAMP(3), '[{"userId": "alice", "membershipVersion": 1, "action": "give", "periodStart": "2026-02-01 00:00:00.000",
--     "periodEnd": "2026-03-01 00:00:00.000", "quota": 250, "dueAt": "2026-03-01 00:00:00.000", "tier": "pro", "monthlyCredits": 250,
--     "nextResetAt": "2026-03-01 00:00:00.000", "actor": "system", "reason": "monthly allowance"}]');
CREATE PROCEDURE CheckAndResetUserCredits(IN in_now DATETIME(3), IN in_operations JSON)
BEGIN
  DECLARE v_accounts JSON;
  SET SESSION group_concat_max_len = 4194304;
  -- Each operation is a step of its own, for the account that it names.
  SELECT CONCAT('[', COALESCE(GROUP_CONCAT(JSON_ARRAY(user_id, membership_version, place) ORDER BY place SEPARATOR ','), ''), ']') INTO v_accounts
    FROM JSON_TABLE(in_operations, '$[*]' COLUMNS (
           place FOR ORDINALITY,
           user_id VARCHAR(129) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.userId',
           membership_version BIGINT PATH '$.membershipVersion')) o;
  CALL LedgerSettle(in_now, in_operations, v_accounts, NULL);
  CALL LedgerCarry();
  UPDATE w_item SET required = NULL, available = NULL, refundable = NULL;
  CALL LedgerAnswer();
END
