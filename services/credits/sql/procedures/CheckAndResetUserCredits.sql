-- NAME
--   CheckAndResetUserCredits: books planned allowance steps: first allowance, monthly reset, top-up after an upgrade, forfeit.
-- SYNOPSIS
--   CALL CheckAndResetUserCredits(in_now, in_steps, in_accounts);
-- PARAMETERS
--   in_now         the moment, UTC
--   in_steps       array of at most 1,000: {action give|force|forfeit|none, periodStart, periodEnd (for give and force), quota, rolloverCap?,
--                  missedCredits?, dueAt?, tier?, monthlyCredits?, nextResetAt?, schedule? [{month, periodStart, periodEnd, amount}],
--                  cancelSchedule?, actor, reason, requestKey?, requestHash?, traceparent?, audit?, ord?}
--                  Boundaries come from TypeScript: zone names are often missing in MySQL.
--   in_accounts    array of at most 1,000, an account once: [user id, version of the copy of its membership that the plan was made from (null = none known),
--                  place of its step in in_steps from 1]. A step may serve many accounts; one with schedule or audit serves one, and says in `ord` at which
--                  place of in_accounts it stands.
-- RETURNS
--   A row an account, in the order of in_accounts (LedgerAnswer). Outcomes:
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
--   CALL CheckAndResetUserCredits(UTC_TIMESTAMP(3), '[{"action": "give", "periodStart": "2026-02-01 00:00:00.000", "periodEnd": "2026-03-01 00:00:00.000",
--     "quota": 250, "dueAt": "2026-03-01 00:00:00.000", "tier": "pro", "monthlyCredits": 250, "nextResetAt": "2026-03-01 00:00:00.000",
--     "actor": "system", "reason": "monthly allowance"}]', '[["alice", 1, 1], ["bob", 7, 1]]');
CREATE PROCEDURE CheckAndResetUserCredits(IN in_now DATETIME(3), IN in_steps JSON, IN in_accounts JSON)
BEGIN
  CALL LedgerAllowance(in_now, in_steps, in_accounts, NULL);
  UPDATE w_item SET required = NULL, available = NULL, refundable = NULL;
  CALL LedgerAnswer();
END
