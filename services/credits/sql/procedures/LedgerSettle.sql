-- NAME
--   LedgerSettle: judges planned allowance steps and books them. Internal.
-- SYNOPSIS
--   CALL LedgerSettle(in_now, in_steps, in_accounts, in_claim);
-- PARAMETERS
--   See SettleAccounts.
-- RESULT
--   w_item holds the verdict for each account: the outcomes of CheckAndResetUserCredits. Who needs more of the answer calls LedgerCarry.
-- LOCKS
--   The accounts, in primary-key order.
CREATE PROCEDURE LedgerSettle(IN in_now DATETIME(3), IN in_steps JSON, IN in_accounts JSON, IN in_claim BIGINT)
BEGIN
  DECLARE v_again INT DEFAULT 0;
  DECLARE v_many INT DEFAULT 0;
  DECLARE v_unclaimed INT DEFAULT 0;
  DECLARE v_unchanged INT DEFAULT 0;
  DECLARE v_ended INT DEFAULT 0;
  DECLARE v_months INT DEFAULT 0;
  DECLARE v_claimed INT DEFAULT 0;

  SET v_claimed = COALESCE(in_claim = @ledger_claim, 0), @ledger_claim = NULL;
  IF v_claimed = 0 THEN
    CALL LedgerBegin();
  END IF;
  INSERT INTO w_op (ord, user_id, amount, request_key, request_hash, reason, actor, traceparent, code, starts_at, ends_at, flag,
                    membership_version, rollover, missed, due_at, tier, monthly_credits, next_reset_at)
  SELECT a.ord, a.user_id, s.quota, s.request_key, s.request_hash, s.reason, s.actor, s.traceparent, s.action, s.starts_at, s.ends_at, s.cancel,
         a.membership_version, s.rollover, s.missed, s.due_at, s.tier, s.monthly_credits, s.next_reset_at
    FROM JSON_TABLE(in_accounts, '$[*]' COLUMNS (
           ord FOR ORDINALITY,
           user_id VARCHAR(129) CHARACTER SET ascii COLLATE ascii_bin PATH '$[0]',
           membership_version BIGINT PATH '$[1]',
           step INT PATH '$[2]')) a
    -- The LIMIT keeps the derived table: the steps are parsed once, not again for each account.
    LEFT JOIN (SELECT * FROM JSON_TABLE(in_steps, '$[*]' COLUMNS (
           place FOR ORDINALITY,
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
           request_hash VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.requestHash')) parsed LIMIT 100000) s ON s.place = a.step;
  SET v_again = ROW_COUNT();
  -- An account is to be named once; which of its operations comes first matters only where one is not.
  IF v_claimed = 1 THEN
    SELECT COUNT(*) - COUNT(DISTINCT a.user_id) INTO v_unclaimed FROM w_op o LEFT JOIN w_account a ON a.user_id = o.user_id;
    IF v_unclaimed = 0 THEN
      SET v_again = 0;
    ELSE
      SET v_claimed = 0;
    END IF;
  END IF;
  IF v_claimed = 0 THEN
    DELETE FROM w_user;
    INSERT INTO w_user (user_id) SELECT DISTINCT user_id FROM w_op WHERE CHAR_LENGTH(user_id) BETWEEN 1 AND 128;
    SET v_again = v_again - ROW_COUNT();
    DELETE FROM w_account;
    CALL LedgerLock(in_now);
  END IF;
  CALL LedgerLapse(in_now);

  -- Read once, because judging, lapsing and ending all need them.
  DELETE FROM w_allowance;
  INSERT INTO w_allowance (grant_id, user_id, state, remaining, reserved)
  SELECT g.id, g.user_id, g.state, g.remaining, g.reserved
    FROM w_account a
    STRAIGHT_JOIN credit_grants g FORCE INDEX (credit_grants_state) ON g.user_id = a.user_id AND g.state IN ('open', 'spent') AND g.kind = 'allowance';
  IF v_again > 0 THEN
    DELETE FROM w_judge;
    INSERT INTO w_judge (ord) SELECT MIN(ord) FROM w_op GROUP BY user_id;
  END IF;

  -- amount: the quota. available: unreserved leftover of the allowance. refundable: what moves over to the new period. code: the action.
  -- flag: its period is the served one from now on: 1 = it was served in part before, 2 = it is a new one.
  INSERT INTO w_item (ord, user_id, amount, request_key, request_hash, tx_version, available, refundable, code, starts_at, ends_at, verdict, flag)
  SELECT ord, user_id, quota, request_key, request_hash, tx_version, leftover, LEAST(rollover, leftover + missed), action, starts_at, ends_at,
         CASE WHEN refused IS NOT NULL THEN refused
              WHEN action = 'none' THEN 'unchanged'
              WHEN action = 'forfeit' THEN CASE WHEN leftover > 0 THEN 'forfeited' ELSE 'unchanged' END
              -- A period that was over before the served one began: too late for it.
              WHEN ends_at <= served_start AND action = 'give' THEN 'unchanged'
              WHEN served_end IS NULL THEN CASE WHEN quota > 0 THEN 'first' ELSE 'unchanged' END
              WHEN action = 'force' OR starts_at >= served_end THEN 'reset'
              WHEN quota > served_given THEN 'topped_up'
              ELSE 'unchanged' END,
         CASE WHEN refused IS NOT NULL OR action NOT IN ('give', 'force') OR ends_at <= served_start THEN 0
              WHEN starts_at >= served_end THEN 2
              ELSE 1 END
    FROM (SELECT o.ord, a.user_id, COALESCE(o.amount, 0) AS quota, o.request_key, o.request_hash, t.version AS tx_version, o.code AS action, o.starts_at, o.ends_at,
                 a.served_start, a.served_end, a.served_given, GREATEST(COALESCE(o.rollover, 0), 0) AS rollover, GREATEST(COALESCE(o.missed, 0), 0) AS missed,
                 COALESCE(g.leftover, 0) AS leftover,
                 CASE WHEN a.user_id IS NULL OR o.code IS NULL OR o.code NOT IN ('give', 'force', 'forfeit', 'none')
                           OR (v_again > 0 AND j.ord IS NULL)
                           OR (o.code IN ('give', 'force') AND (o.starts_at IS NULL OR o.ends_at IS NULL OR o.ends_at <= o.starts_at
                                                                  OR o.amount IS NULL OR o.amount NOT BETWEEN 0 AND 1000000000)) THEN 'invalid'
                      WHEN t.id IS NOT NULL THEN CASE WHEN t.request_hash = o.request_hash THEN 'replayed' ELSE 'idempotency_key_reused' END
                      WHEN v_claimed = 0 AND COALESCE(m.version, -1) <> COALESCE(o.membership_version, -1) THEN 'stale'
                      WHEN o.code IN ('give', 'force') AND o.starts_at > in_now THEN 'not_current' END AS refused
            FROM w_op o
            LEFT JOIN w_account a ON a.user_id = o.user_id
            LEFT JOIN w_judge j ON j.ord = o.ord
            -- What was claimed was planned from the copy that was read under the lock.
            LEFT JOIN membership_state m FORCE INDEX (PRIMARY) ON v_claimed = 0 AND m.user_id = a.user_id
            LEFT JOIN credit_transactions t FORCE INDEX (credit_transactions_request) ON t.user_id = a.user_id AND t.operation = 'reset' AND t.request_key = o.request_key
            LEFT JOIN (SELECT user_id, SUM(remaining - reserved) AS leftover FROM w_allowance WHERE state = 'open' GROUP BY user_id) g
              ON g.user_id = a.user_id) planned;
  SELECT COALESCE(SUM(verdict = 'unchanged'), 0) INTO v_unchanged FROM w_item;

  -- An account gets one row at most, so there is nothing to add up as LedgerBook does.
  -- given: the new allowance. lapsed: what the old ones lose. renewed: the grant that becomes the new allowance, so that a reset changes one and makes
  -- none; NULL: a new grant does, as no old one is free of holds. draws: NULL = more than one of them loses, as w_draw says.
  DELETE FROM w_line;
  INSERT INTO w_line (seq, ord, user_id, version, type, amount, balance_after, held_change, held_after, status_after, allowance_after,
                     low_before, low_after, threshold, is_last, created_at, grant_id, new_kind, new_amount, new_priority, period_start, operation, own_key, draws)
  SELECT ord, ord, user_id, version + 1, type, given - lapsed,
         -- What a row says must be what its draws do, as in LedgerBook. No CHECK lets -1 pass.
         CASE WHEN lapsed = drawn THEN balance + given - lapsed ELSE -1 END, 0, held, status, allowance_remaining + given - lapsed,
         is_low, balance + given - lapsed - held < threshold, threshold, 1, created_at,
         renewed, CASE WHEN given > 0 THEN 'allowance' END, CASE WHEN given > 0 THEN given END, 10, starts_at,
         CASE WHEN request_key IS NULL THEN 'allowance' ELSE 'reset' END,
         CASE WHEN request_key IS NULL AND verdict <> 'forfeited' THEN CONCAT(REPLACE(starts_at, ' ', 'T'), 'Z#', total,
              -- A forced reset without a key of its own may serve one period any number of times.
              CASE code WHEN 'force' THEN CONCAT('#', version + 1) ELSE '' END) END,
         CASE WHEN renewed IS NULL THEN CONCAT('[', lapses, ']')
              ELSE CONCAT('[', lapses, CASE lapses WHEN '' THEN '' ELSE ',' END, '{"g":', renewed, ',"k":"allowance","c":', given, ',"r":0}]') END
    FROM (SELECT judged.*, CASE WHEN verdict = 'reset' AND given > 0 THEN free_grant END AS renewed
            FROM (SELECT i.ord, i.user_id, i.verdict, i.code, i.starts_at, i.request_key, a.version, a.balance, a.held, a.status, a.allowance_remaining, a.is_low,
                         COALESCE(a.low_threshold, FLOOR(COALESCE(o.monthly_credits, 0) / 10)) AS threshold, GREATEST(in_now, a.last_at) AS created_at,
                         CASE i.verdict WHEN 'reset' THEN 'reset' WHEN 'forfeited' THEN 'expire' ELSE 'grant' END AS type,
                         CASE i.verdict WHEN 'first' THEN i.amount WHEN 'topped_up' THEN i.amount - a.served_given
                                        WHEN 'reset' THEN i.amount + i.refundable ELSE 0 END AS given,
                         CASE WHEN i.verdict IN ('reset', 'forfeited') THEN i.available ELSE 0 END AS lapsed,
                         COALESCE(l.free, 0) AS drawn, CASE WHEN l.user_id IS NULL THEN '' ELSE l.lapses END AS lapses, l.free_grant,
                         i.amount AS total
                    FROM w_item i
                    JOIN w_op o ON o.ord = i.ord
                    JOIN w_account a ON a.user_id = i.user_id
                    LEFT JOIN (SELECT user_id, SUM(CASE state WHEN 'open' THEN remaining - reserved ELSE 0 END) AS free,
                                      CASE SUM(state = 'open') WHEN 0 THEN ''
                                           WHEN 1 THEN CONCAT('{"g":', MAX(CASE state WHEN 'open' THEN grant_id END), ',"k":"allowance","c":',
                                                              SUM(CASE state WHEN 'open' THEN reserved - remaining ELSE 0 END), ',"r":0}') END AS lapses,
                                      -- A spent one that holds credits is damaged: it stays as it is.
                                      MAX(CASE WHEN reserved = 0 AND (state = 'open' OR remaining = 0) THEN grant_id END) AS free_grant
                                 FROM w_allowance GROUP BY user_id) l ON l.user_id = i.user_id AND i.verdict IN ('reset', 'forfeited')
                   WHERE i.verdict IN ('first', 'reset', 'topped_up', 'forfeited')) judged) booked;
  SELECT COALESCE(SUM(draws IS NULL), 0) INTO v_many FROM w_line;
  IF v_many > 0 THEN
    INSERT INTO w_draw (seq, place, grant_id, kind, change_by, reserve)
    SELECT p.seq, g.grant_id, g.grant_id, 'allowance', g.reserved - g.remaining, 0
      FROM w_line p
      STRAIGHT_JOIN w_allowance g ON g.user_id = p.user_id
     WHERE p.draws IS NULL AND g.state = 'open';
  END IF;

  -- What nothing keeps has ended or is renewed, that which was spent to the last credit too: a refund that comes later must not reach it, or the credits
  -- would count for the allowance and lapse with the next reset. What holds keep ends with them, and what they free lapses.
  DELETE FROM w_grant_change;
  INSERT INTO w_grant_change (grant_id, user_id, change_by, reserve, ends, renewed_version, amount, created_at)
  SELECT g.grant_id, g.user_id,
         CASE g.state WHEN 'open' THEN g.reserved - g.remaining ELSE 0 END + CASE g.grant_id WHEN p.grant_id THEN p.new_amount ELSE 0 END, 0,
         CASE g.grant_id WHEN p.grant_id THEN 0 ELSE 1 END, CASE g.grant_id WHEN p.grant_id THEN p.version END,
         CASE g.grant_id WHEN p.grant_id THEN p.new_amount END, CASE g.grant_id WHEN p.grant_id THEN p.created_at END
    FROM w_item i
    STRAIGHT_JOIN w_allowance g ON g.user_id = i.user_id
    LEFT JOIN w_line p ON p.ord = i.ord
   WHERE i.verdict IN ('reset', 'forfeited') OR (i.code = 'forfeit' AND i.verdict = 'unchanged');
  SET v_ended = ROW_COUNT();

  -- What the account shows and the period it has been served, which LedgerEnter writes with the rows.
  UPDATE w_account a
    STRAIGHT_JOIN w_item i ON i.user_id = a.user_id
    STRAIGHT_JOIN w_op o ON o.ord = i.ord
     SET a.due_at = o.due_at, a.tier = o.tier, a.monthly_credits = o.monthly_credits, a.next_reset_at = o.next_reset_at,
         a.served_given = CASE i.flag WHEN 2 THEN i.amount WHEN 1 THEN GREATEST(a.served_given, i.amount) ELSE a.served_given END,
         a.served_start = CASE WHEN i.flag > 0 THEN i.starts_at ELSE a.served_start END,
         a.served_end = CASE WHEN i.flag > 0 THEN i.ends_at ELSE a.served_end END
   WHERE i.verdict IN ('first', 'reset', 'topped_up', 'forfeited', 'unchanged');
  IF v_unchanged > 0 THEN
    UPDATE w_item i
      STRAIGHT_JOIN w_account a ON a.user_id = i.user_id
      STRAIGHT_JOIN profiles p FORCE INDEX (PRIMARY) ON p.user_id = i.user_id
       SET p.due_at = a.due_at, p.tier = a.tier, p.monthly_credits = a.monthly_credits, p.next_reset_at = a.next_reset_at,
           p.served_given = a.served_given, p.served_start = a.served_start, p.served_end = a.served_end
     WHERE i.verdict = 'unchanged';
  END IF;

  SELECT COUNT(*) INTO v_months FROM (SELECT 1 FROM w_account a STRAIGHT_JOIN yearly_member_credits y ON y.user_id = a.user_id LIMIT 1) yearly;
  IF v_months > 0 THEN
    UPDATE w_item i
      STRAIGHT_JOIN w_op o ON o.ord = i.ord
      STRAIGHT_JOIN yearly_member_credits y ON y.user_id = i.user_id
       SET y.status = 'cancelled'
     WHERE y.status = 'scheduled' AND o.flag IN ('true', '1') AND i.verdict IN ('first', 'reset', 'topped_up', 'forfeited', 'unchanged');
  END IF;

  IF JSON_CONTAINS_PATH(in_steps, 'one', '$[*].schedule') THEN
    SET v_months = 1;
    CALL LedgerReadMonths(in_steps);
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

  CALL LedgerEnter(v_ended);
  DELETE FROM w_draw;

  IF v_months > 0 THEN
    UPDATE w_item i
      STRAIGHT_JOIN yearly_member_credits y ON y.user_id = i.user_id
      LEFT JOIN w_line p ON p.ord = i.ord
       SET y.given_amount = CASE WHEN y.period_start = i.starts_at THEN COALESCE(y.given_amount, 0) + COALESCE(p.new_amount, 0) END,
           y.transaction_version = CASE WHEN y.period_start = i.starts_at THEN COALESCE(p.version, y.transaction_version) END,
           y.status = CASE WHEN y.period_start = i.starts_at THEN 'given' ELSE 'skipped' END
     WHERE i.verdict IN ('first', 'reset', 'topped_up', 'unchanged') AND i.code IN ('give', 'force')
       AND ((y.period_start = i.starts_at AND (y.status = 'scheduled' OR p.version IS NOT NULL)) OR (y.status = 'scheduled' AND y.period_start < i.starts_at));
  END IF;

  IF JSON_CONTAINS_PATH(in_steps, 'one', '$[*].audit') THEN
    CALL LedgerCarry();
    CALL LedgerAudit(in_now, in_steps);
  END IF;
END
