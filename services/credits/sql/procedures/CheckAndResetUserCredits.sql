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
  CALL LedgerBegin();
  INSERT INTO w_op (ord, user_id, amount, request_key, request_hash, reason, actor, traceparent, code, starts_at, ends_at, flag,
                    membership_version, rollover, missed, due_at, tier, monthly_credits, next_reset_at)
  SELECT ord, user_id, quota, request_key, request_hash, reason, actor, traceparent, action, starts_at, ends_at, cancel,
         membership_version, rollover, missed, due_at, tier, monthly_credits, next_reset_at
    FROM JSON_TABLE(in_operations, '$[*]' COLUMNS (
           ord FOR ORDINALITY,
           user_id VARCHAR(129) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           membership_version BIGINT PATH '$.membershipVersion',
           action VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin PATH '$.action',
           starts_at DATETIME(3) PATH '$.periodStart',
           ends_at DATETIME(3) PATH '$.periodEnd',
           quota BIGINT PATH '$.quota',
           rollover BIGINT PATH '$.rolloverCap',
           missed BIGINT PATH '$.missedCredits',
           due_at DATETIME(3) PATH '$.dueAt',
           tier VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.tier',
           monthly_credits BIGINT PATH '$.monthlyCredits',
           next_reset_at DATETIME(3) PATH '$.nextResetAt',
           cancel VARCHAR(5) CHARACTER SET ascii COLLATE ascii_bin PATH '$.cancelSchedule',
           reason VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.reason',
           actor VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.actor',
           traceparent VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.traceparent',
           request_key VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin PATH '$.requestKey',
           request_hash VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.requestHash')) o;
  INSERT INTO w_user (user_id) SELECT DISTINCT user_id FROM w_op WHERE CHAR_LENGTH(user_id) BETWEEN 1 AND 128;
  CALL LedgerLock(in_now);
  CALL LedgerLapse(in_now);

  -- amount: the quota. available: unreserved leftover of the allowance. refundable: what moves over to the new period. code: the action.
  INSERT INTO w_item (ord, user_id, amount, request_key, request_hash, tx_version, available, refundable, code, starts_at, ends_at, verdict)
  SELECT ord, user_id, quota, request_key, request_hash, tx_version, leftover, LEAST(rollover, leftover + missed), action, starts_at, ends_at,
         CASE WHEN refused IS NOT NULL THEN refused
              WHEN action = 'none' THEN 'unchanged'
              WHEN action = 'forfeit' THEN CASE WHEN leftover > 0 THEN 'forfeited' ELSE 'unchanged' END
              -- A period that was over before the served one began: too late for it.
              WHEN ends_at <= served_start AND action = 'give' THEN 'unchanged'
              WHEN served_end IS NULL THEN CASE WHEN quota > 0 THEN 'first' ELSE 'unchanged' END
              WHEN action = 'force' OR starts_at >= served_end THEN 'reset'
              WHEN quota > served_given THEN 'topped_up'
              ELSE 'unchanged' END
    FROM (SELECT o.ord, a.user_id, COALESCE(o.amount, 0) AS quota, o.request_key, o.request_hash, t.version AS tx_version, o.code AS action, o.starts_at, o.ends_at,
                 a.served_start, a.served_end, a.served_given, GREATEST(COALESCE(o.rollover, 0), 0) AS rollover, GREATEST(COALESCE(o.missed, 0), 0) AS missed,
                 COALESCE(g.leftover, 0) AS leftover,
                 CASE WHEN a.user_id IS NULL OR o.code IS NULL OR o.code NOT IN ('give', 'force', 'forfeit', 'none')
                           OR ROW_NUMBER() OVER (PARTITION BY a.user_id ORDER BY o.ord) > 1
                           OR (o.code IN ('give', 'force') AND (o.starts_at IS NULL OR o.ends_at IS NULL OR o.ends_at <= o.starts_at
                                                                  OR o.amount IS NULL OR o.amount NOT BETWEEN 0 AND 1000000000)) THEN 'invalid'
                      WHEN t.id IS NOT NULL THEN CASE WHEN t.request_hash = o.request_hash THEN 'replayed' ELSE 'idempotency_key_reused' END
                      WHEN COALESCE(m.version, -1) <> COALESCE(o.membership_version, -1) THEN 'stale'
                      WHEN o.code IN ('give', 'force') AND o.starts_at > in_now THEN 'not_current' END AS refused
            FROM w_op o
            LEFT JOIN w_account a ON a.user_id = o.user_id
            LEFT JOIN membership_state m FORCE INDEX (PRIMARY) ON m.user_id = a.user_id
            LEFT JOIN credit_transactions t FORCE INDEX (credit_transactions_request) ON t.user_id = a.user_id AND t.operation = 'reset' AND t.request_key = o.request_key
            LEFT JOIN (SELECT g.user_id, SUM(g.remaining - g.reserved) AS leftover
                         FROM w_user u STRAIGHT_JOIN credit_grants g FORCE INDEX (credit_grants_state) ON g.user_id = u.user_id AND g.state = 'open' AND g.kind = 'allowance'
                        GROUP BY g.user_id) g ON g.user_id = a.user_id) planned;

  -- flag: its period is the served one from now on.
  UPDATE w_item i STRAIGHT_JOIN w_account a ON a.user_id = i.user_id
     SET i.flag = 1
   WHERE i.verdict IN ('first', 'reset', 'topped_up', 'unchanged') AND i.code IN ('give', 'force')
     AND (a.served_start IS NULL OR i.ends_at > a.served_start);

  -- What the account shows, before the entries are written, so that their events carry it; and the period it has been served.
  -- What was served before is read from w_account, which this leaves as it is.
  UPDATE w_item i
    STRAIGHT_JOIN w_op o ON o.ord = i.ord
    STRAIGHT_JOIN w_account a ON a.user_id = i.user_id
    STRAIGHT_JOIN profiles p FORCE INDEX (PRIMARY) ON p.user_id = i.user_id
     SET p.due_at = o.due_at, p.tier = o.tier, p.monthly_credits = o.monthly_credits, p.next_reset_at = o.next_reset_at,
         p.served_given = CASE WHEN i.flag = 0 THEN a.served_given
                               WHEN i.verdict = 'reset' AND (a.served_end IS NULL OR i.starts_at >= a.served_end) THEN i.amount
                               ELSE GREATEST(a.served_given, i.amount) END,
         p.served_start = CASE i.flag WHEN 1 THEN i.starts_at ELSE a.served_start END,
         p.served_end = CASE i.flag WHEN 1 THEN i.ends_at ELSE a.served_end END
   WHERE i.verdict IN ('first', 'reset', 'topped_up', 'forfeited', 'unchanged');
  UPDATE w_item i
    STRAIGHT_JOIN w_op o ON o.ord = i.ord
    STRAIGHT_JOIN w_account a ON a.user_id = i.user_id
     SET a.due_at = o.due_at, a.tier = o.tier, a.monthly_credits = o.monthly_credits, a.next_reset_at = o.next_reset_at
   WHERE i.verdict IN ('first', 'reset', 'topped_up', 'forfeited', 'unchanged');

  INSERT INTO w_entry (seq, ord, user_id, type, amount, new_kind, new_amount, new_priority, period_start, operation, own_key)
  SELECT ord, ord, user_id, type, given - lapsed, CASE WHEN given > 0 THEN 'allowance' END, CASE WHEN given > 0 THEN given END, 10, starts_at,
         CASE WHEN request_key IS NULL THEN 'allowance' ELSE 'reset' END,
         CASE WHEN request_key IS NULL AND verdict <> 'forfeited' THEN CONCAT(REPLACE(starts_at, ' ', 'T'), 'Z#', total,
              -- A forced reset without a key of its own may serve one period any number of times.
              CASE code WHEN 'force' THEN CONCAT('#', version + 1) ELSE '' END) END
    FROM (SELECT i.ord, i.user_id, i.verdict, i.code, i.starts_at, i.request_key, a.version,
                 CASE i.verdict WHEN 'reset' THEN 'reset' WHEN 'forfeited' THEN 'expire' ELSE 'grant' END AS type,
                 CASE i.verdict WHEN 'first' THEN i.amount WHEN 'topped_up' THEN i.amount - a.served_given
                                WHEN 'reset' THEN i.amount + i.refundable ELSE 0 END AS given,
                 CASE WHEN i.verdict IN ('reset', 'forfeited') THEN i.available ELSE 0 END AS lapsed,
                 i.amount AS total
            FROM w_item i JOIN w_account a ON a.user_id = i.user_id
           WHERE i.verdict IN ('first', 'reset', 'topped_up', 'forfeited')) booked;

  INSERT INTO w_draw (seq, place, grant_id, kind, change_by, reserve, ends)
  SELECT i.ord, g.id, g.id, g.kind, g.reserved - g.remaining, 0, 1
    FROM w_item i
    STRAIGHT_JOIN credit_grants g FORCE INDEX (credit_grants_state) ON g.user_id = i.user_id AND g.state = 'open' AND g.kind = 'allowance'
   WHERE i.verdict IN ('reset', 'forfeited');

  -- Spent to the last credit: nothing to lapse, but it has ended like the rest. A refund that comes later must not open it again,
  -- or the credits would count for the old allowance and lapse with the next reset.
  UPDATE w_item i STRAIGHT_JOIN credit_grants g FORCE INDEX (credit_grants_state) ON g.user_id = i.user_id
     SET g.state = 'ended', g.ended_at = in_now
   WHERE g.kind = 'allowance' AND g.state = 'spent'
     AND (i.verdict IN ('reset', 'forfeited') OR (i.code = 'forfeit' AND i.verdict = 'unchanged'));

  -- Kept by holds to the last credit: nothing to book, but what they free will lapse.
  UPDATE w_item i STRAIGHT_JOIN credit_grants g FORCE INDEX (credit_grants_state) ON g.user_id = i.user_id
     SET g.state = 'ending', g.ended_at = in_now
   WHERE i.code = 'forfeit' AND i.verdict = 'unchanged' AND g.state = 'open' AND g.kind = 'allowance';

  UPDATE w_item i
    STRAIGHT_JOIN w_op o ON o.ord = i.ord
    STRAIGHT_JOIN yearly_member_credits y ON y.user_id = i.user_id
     SET y.status = 'cancelled'
   WHERE y.status = 'scheduled' AND o.flag IN ('true', '1') AND i.verdict IN ('first', 'reset', 'topped_up', 'forfeited', 'unchanged');

  IF JSON_CONTAINS_PATH(in_operations, 'one', '$[*].schedule') THEN
    DELETE FROM w_month;
    INSERT INTO w_month (ord, month, starts_at, ends_at, amount)
    SELECT ord, month, starts_at, ends_at, amount
      FROM JSON_TABLE(in_operations, '$[*]' COLUMNS (
             ord FOR ORDINALITY,
             NESTED PATH '$.schedule[*]' COLUMNS (
               month INT PATH '$.month',
               starts_at DATETIME(3) PATH '$.periodStart',
               ends_at DATETIME(3) PATH '$.periodEnd',
               amount BIGINT PATH '$.amount'))) o
     WHERE starts_at IS NOT NULL;
    INSERT INTO yearly_member_credits (user_id, period_start, period_end, month, amount, status)
    SELECT i.user_id, o.starts_at, o.ends_at, o.month, o.amount, 'scheduled'
      FROM w_item i
      JOIN w_month o ON o.ord = i.ord
     WHERE o.starts_at IS NOT NULL AND i.verdict IN ('first', 'reset', 'topped_up', 'forfeited', 'unchanged')
        ON DUPLICATE KEY UPDATE
           period_end = CASE WHEN yearly_member_credits.status IN ('given', 'skipped') THEN yearly_member_credits.period_end ELSE VALUES(period_end) END,
           month = CASE WHEN yearly_member_credits.status IN ('given', 'skipped') THEN yearly_member_credits.month ELSE VALUES(month) END,
           amount = CASE yearly_member_credits.status WHEN 'skipped' THEN yearly_member_credits.amount
                         WHEN 'given' THEN GREATEST(yearly_member_credits.amount, VALUES(amount)) ELSE VALUES(amount) END,
           status = CASE yearly_member_credits.status WHEN 'cancelled' THEN 'scheduled' ELSE yearly_member_credits.status END;
  END IF;

  CALL LedgerPost(in_now);

  UPDATE w_item i
    STRAIGHT_JOIN yearly_member_credits y ON y.user_id = i.user_id
    LEFT JOIN w_posting p ON p.ord = i.ord
     SET y.given_amount = CASE WHEN y.period_start = i.starts_at THEN COALESCE(y.given_amount, 0) + COALESCE(p.new_amount, 0) END,
         y.transaction_version = CASE WHEN y.period_start = i.starts_at THEN COALESCE(p.version, y.transaction_version) END,
         y.status = CASE WHEN y.period_start = i.starts_at THEN 'given' ELSE 'skipped' END
   WHERE i.verdict IN ('first', 'reset', 'topped_up', 'unchanged') AND i.code IN ('give', 'force')
     AND ((y.period_start = i.starts_at AND (y.status = 'scheduled' OR p.version IS NOT NULL)) OR (y.status = 'scheduled' AND y.period_start < i.starts_at));

  CALL LedgerAudit(in_now, in_operations);
  UPDATE w_item SET required = NULL, available = NULL, refundable = NULL;
  CALL LedgerAnswer();
END
