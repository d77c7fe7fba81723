-- NAME
--   LedgerPost: writes the entries. The one place where ledger rows, grants, accounts and events are written. Internal.
-- SYNOPSIS
--   CALL LedgerPost(in_now);
-- PARAMETERS
--   in_now  the moment of the change
--   w_account holds the accounts, and what is to be theirs from now on: when they are due, what they show of their membership, what was served.
--   w_op and w_doc hold the operations: reason, feature, metadata, actor, key, hash and traceparent of entries with an ord.
-- RESULT
--   For each row of w_entry, in the order of seq: one row of credit_transactions with version + 1 and the running figures, the new
--   grant or hold it asks for, its draws applied to the grants, one event CreditsChanged, and LowBalance or LowBalanceRecovered when
--   the account's available credits crossed its threshold. w_account and w_item.tx_version are brought up to date; w_entry and
--   w_draw are emptied; w_posted keeps what was written.
-- ERRORS
--   3819/4025 a CHECK refuses it: an account or grant would go below zero. A defect; the caller's transaction must roll back. So does
--   -1, which stands where an entry is not the sum of its draws, or draws from a grant of another account.
--   45000 a draw did not reach its grant. A defect as well.
-- LOCKS
--   None beyond the accounts, which must be locked.
CREATE PROCEDURE LedgerPost(IN in_now DATETIME(3))
post: BEGIN
  DECLARE v_new_grants INT DEFAULT 0;
  DECLARE v_holds INT DEFAULT 0;
  DECLARE v_signals INT DEFAULT 0;
  DECLARE v_drawn INT DEFAULT 0;
  DECLARE v_written INT DEFAULT 0;

  DELETE FROM w_posted;
  -- The last entry of each account. LEAD() over the entries would say the same, at two fifths of the cost of the statement below on MySQL.
  DELETE FROM w_judge;
  INSERT INTO w_judge (ord) SELECT MAX(seq) FROM w_entry GROUP BY user_id;
  IF ROW_COUNT() = 0 THEN
    LEAVE post;
  END IF;

  -- The default of MySQL cuts a long list of draws short without a word.
  IF @@SESSION.group_concat_max_len < 4194304 THEN
    SET SESSION group_concat_max_len = 4194304;
  END IF;

  -- One order and one frame for all windows: both engines sort once, and MySQL needs no second pass.
  INSERT INTO w_posted (seq, ord, user_id, version, type, amount, balance_after, held_change, held_after, status_after, allowance_after,
                      low_before, low_after, threshold, is_last, lapse_at, created_at, related_id, hold_id, hold_end, hold_until,
                      grant_id, new_kind, new_amount, new_priority, new_until, period_start, operation, own_key, own_reason, draws)
  SELECT e.seq, e.ord, e.user_id, a.version + COUNT(*) OVER running, e.type, e.amount,
         -- What a row says must be what its draws do. No CHECK lets -1 pass.
         CASE WHEN e.amount = COALESCE(d.changed, 0) + COALESCE(e.new_amount, 0) AND e.held_change = COALESCE(d.reserved, 0)
              THEN a.balance + SUM(e.amount) OVER running ELSE -1 END,
         e.held_change, a.held + SUM(e.held_change) OVER running, COALESCE(e.set_status, a.status),
         a.allowance_remaining
           + SUM(COALESCE(d.allowance_change, 0) + CASE WHEN e.new_kind = 'allowance' THEN e.new_amount ELSE 0 END) OVER running,
         0, 0, COALESCE(a.low_threshold, FLOOR(COALESCE(a.monthly_credits, 0) / 10)), l.ord IS NOT NULL,
         -- Of the last row, where it counts, it is the earliest of all.
         MIN(COALESCE(e.new_until, e.hold_until)) OVER running,
         GREATEST(in_now, a.last_at), e.related_id, e.hold_id, e.hold_end, e.hold_until,
         e.grant_id, e.new_kind, e.new_amount, e.new_priority, e.new_until, e.period_start, e.operation, e.own_key, e.own_reason,
         CASE WHEN d.seq IS NULL THEN '[]' ELSE d.only_draw END
    FROM w_entry e
    JOIN w_account a ON a.user_id = e.user_id
    LEFT JOIN w_judge l ON l.ord = e.seq
    LEFT JOIN (SELECT seq, SUM(change_by) AS changed, SUM(reserve) AS reserved, SUM(CASE kind WHEN 'allowance' THEN change_by ELSE 0 END) AS allowance_change,
                      -- Of one row, MIN is the row.
                      CASE COUNT(*) WHEN 1 THEN CONCAT('[{"g":', MIN(grant_id), ',"k":"', MIN(kind), '","c":', MIN(change_by), ',"r":', MIN(reserve), '}]') END AS only_draw
                 FROM w_draw GROUP BY seq) d ON d.seq = e.seq
  WINDOW running AS (PARTITION BY e.user_id ORDER BY e.seq ROWS UNBOUNDED PRECEDING);

  UPDATE w_posted p JOIN w_account a ON a.user_id = p.user_id
     SET p.low_after = p.balance_after - p.held_after < p.threshold,
         p.low_before = CASE WHEN p.version = a.version + 1 THEN a.is_low
                             ELSE p.balance_after - p.amount - p.held_after + p.held_change < p.threshold END;

  SELECT COALESCE(SUM(new_kind IS NOT NULL), 0), COALESCE(SUM(hold_until IS NOT NULL OR hold_end IS NOT NULL), 0), COALESCE(SUM(low_before <> low_after), 0)
    INTO v_new_grants, v_holds, v_signals
    FROM w_posted;

  IF v_new_grants > 0 THEN
    INSERT INTO credit_grants (user_id, origin_version, kind, state, amount, remaining, reserved, priority, expires_at, created_at)
    SELECT user_id, version, new_kind, 'open', new_amount, new_amount, 0, new_priority, new_until, created_at
      FROM w_posted WHERE new_kind IS NOT NULL ORDER BY seq;
    INSERT INTO w_draw (seq, place, grant_id, kind, change_by, reserve, fresh)
    SELECT p.seq, 9000000000000000000, g.id, g.kind, g.amount, 0, 1
      FROM w_posted p JOIN credit_grants g FORCE INDEX (credit_grants_origin) ON g.user_id = p.user_id AND g.origin_version = p.version
     WHERE p.new_kind IS NOT NULL;
    -- The new grant comes last: `[` what was drawn before, if anything, `, ` the grant `]`.
    UPDATE w_posted p JOIN w_draw d ON d.seq = p.seq AND d.fresh = 1
       SET p.grant_id = d.grant_id,
           p.draws = CONCAT(LEFT(p.draws, CHAR_LENGTH(p.draws) - 1), CASE p.draws WHEN '[]' THEN '' ELSE ',' END,
                            '{"g":', d.grant_id, ',"k":"', d.kind, '","c":', d.change_by, ',"r":', d.reserve, '}]');
  END IF;

  IF v_holds > 0 THEN
    INSERT INTO credit_holds (user_id, origin_version, status, amount, expires_at, reason, feature, metadata, actor, created_at)
    SELECT p.user_id, p.version, 'open', p.held_change, p.hold_until, COALESCE(o.reason, ''), o.feature, m.doc, COALESCE(o.actor, 'system'), p.created_at
      FROM w_posted p
      JOIN w_op o ON o.ord = p.ord
      LEFT JOIN w_doc m FORCE INDEX (PRIMARY) ON m.ord = CASE o.has_metadata WHEN 1 THEN o.ord END
     WHERE p.hold_until IS NOT NULL ORDER BY p.seq;
    DELETE FROM w_judge;
    INSERT INTO w_judge (ord, figure)
    SELECT p.seq, h.id FROM w_posted p JOIN credit_holds h FORCE INDEX (credit_holds_origin) ON h.user_id = p.user_id AND h.origin_version = p.version
     WHERE p.hold_until IS NOT NULL;
    UPDATE w_posted p JOIN w_judge j ON j.ord = p.seq SET p.hold_id = j.figure;
    UPDATE w_posted p STRAIGHT_JOIN credit_holds h FORCE INDEX (PRIMARY) ON h.id = p.hold_id
       SET h.status = p.hold_end, h.captured = -p.amount, h.ended_at = p.created_at, h.end_version = p.version
     WHERE p.hold_end IS NOT NULL;
  END IF;

  INSERT INTO credit_transactions (user_id, version, type, amount, balance_before, balance_after, held_change, held_after, status_after,
                                   draws, reason, feature, metadata, actor, related_transaction_id, hold_id, grant_id, grant_kind,
                                   operation, request_key, request_hash, period_start, traceparent, created_at)
  SELECT p.user_id, p.version, p.type, p.amount, p.balance_after - p.amount, p.balance_after, p.held_change, p.held_after, p.status_after,
         COALESCE(p.draws,
                  (SELECT CONCAT('[', GROUP_CONCAT('{"g":', d.grant_id, ',"k":"', d.kind, '","c":', d.change_by, ',"r":', d.reserve, '}' ORDER BY d.place SEPARATOR ','), ']')
                     FROM w_draw d WHERE d.seq = p.seq)),
         COALESCE(p.own_reason, NULLIF(o.reason, ''), h.reason, ''), COALESCE(o.feature, h.feature), COALESCE(m.doc, h.metadata), COALESCE(o.actor, 'system'),
         p.related_id, p.hold_id, p.grant_id, p.new_kind, p.operation, COALESCE(p.own_key, o.request_key),
         CASE WHEN p.own_key IS NULL THEN o.request_hash END, p.period_start, o.traceparent, p.created_at
    FROM w_posted p
    LEFT JOIN w_op o ON o.ord = p.ord
    LEFT JOIN w_doc m FORCE INDEX (PRIMARY) ON m.ord = CASE o.has_metadata WHEN 1 THEN o.ord END
    -- A capture or release says what its hold said, where it says nothing itself.
    LEFT JOIN credit_holds h FORCE INDEX (PRIMARY) ON h.id = p.hold_id
   ORDER BY p.seq;

  -- Work tables stand first in every UPDATE: an optimizer that began with the other side would lock rows of accounts that are not ours.
  -- And none that moves credits joins a query: MySQL 9.7 passes over rows of one now and then that it has just given to a SELECT.
  DELETE FROM w_grant;
  INSERT INTO w_grant (grant_id, remaining, reserved, state)
  SELECT d.grant_id, CASE WHEN MIN(o.user_id = p.user_id) = 1 THEN o.remaining + SUM(d.change_by) ELSE -1 END, o.reserved + SUM(d.reserve),
         CASE WHEN MAX(d.ends) = 1 OR o.state IN ('ending', 'ended')
              THEN CASE WHEN o.remaining + SUM(d.change_by) > 0 THEN 'ending' ELSE 'ended' END
              ELSE CASE WHEN o.remaining + SUM(d.change_by) > 0 THEN 'open' ELSE 'spent' END END
    FROM w_draw d STRAIGHT_JOIN w_posted p ON p.seq = d.seq STRAIGHT_JOIN credit_grants o FORCE INDEX (PRIMARY) ON o.id = d.grant_id
   WHERE d.fresh = 0
   GROUP BY d.grant_id, o.remaining, o.reserved, o.state;
  UPDATE w_grant n STRAIGHT_JOIN credit_grants g FORCE INDEX (PRIMARY) ON g.id = n.grant_id
     SET g.remaining = n.remaining, g.reserved = n.reserved,
         g.state = n.state;
  SELECT (SELECT COUNT(DISTINCT grant_id) FROM w_draw WHERE fresh = 0),
         (SELECT COUNT(*) FROM w_grant n
            STRAIGHT_JOIN credit_grants g FORCE INDEX (PRIMARY) ON g.id = n.grant_id AND g.remaining = n.remaining AND g.reserved = n.reserved)
    INTO v_drawn, v_written;
  IF v_drawn <> v_written THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the grants do not hold what their draws say; roll back';
  END IF;

  UPDATE w_posted p
    STRAIGHT_JOIN w_account w ON w.user_id = p.user_id
    STRAIGHT_JOIN profiles a FORCE INDEX (PRIMARY) ON a.user_id = p.user_id
     SET a.version = p.version, a.balance = p.balance_after, a.held = p.held_after, a.status = p.status_after,
         a.allowance_remaining = p.allowance_after, a.is_low = p.low_after, a.last_at = p.created_at,
         a.due_at = w.due_at, a.tier = w.tier, a.monthly_credits = w.monthly_credits, a.next_reset_at = w.next_reset_at,
         a.served_start = w.served_start, a.served_end = w.served_end, a.served_given = w.served_given,
         a.lapse_at = CASE WHEN p.lapse_at IS NULL OR a.lapse_at <= p.lapse_at THEN a.lapse_at ELSE p.lapse_at END
   WHERE p.is_last = 1;

  -- The event of a row is the row itself: the view outbox_event reads it there when the relay asks. Here stands only what the row does not say.
  INSERT INTO outbox (event_id, topic, type, subject, occurred_at, ledger_version, payload)
  SELECT UUID(), 'credits.v1', 'stipend.credits.v1.CreditsChanged', p.user_id, p.created_at, p.version,
         CASE WHEN a.tier IS NULL THEN '{}'
              ELSE CONCAT('{"tier":"', a.tier, '","monthlyCredits":"', COALESCE(a.monthly_credits, 0), '","remaining":"', p.allowance_after, '"',
                          CASE WHEN a.next_reset_at IS NULL THEN '' ELSE CONCAT(',"nextResetAt":"', REPLACE(a.next_reset_at, ' ', 'T'), 'Z"') END, '}') END
    FROM w_posted p
    JOIN w_account a ON a.user_id = p.user_id
   ORDER BY p.seq;

  IF v_signals > 0 THEN
    INSERT INTO outbox (event_id, topic, type, subject, occurred_at, payload)
    SELECT UUID(), 'credits.v1',
           CASE low_after WHEN 1 THEN 'stipend.credits.v1.LowBalance' ELSE 'stipend.credits.v1.LowBalanceRecovered' END,
           user_id, created_at,
           JSON_OBJECT('userId', user_id, 'version', version, 'available', balance_after - held_after, 'threshold', threshold,
                       'occurredAt', CONCAT(REPLACE(created_at, ' ', 'T'), 'Z'))
      FROM w_posted WHERE low_before <> low_after ORDER BY seq;
  END IF;

  UPDATE w_account a JOIN w_posted p ON p.user_id = a.user_id
     SET a.version = p.version, a.balance = p.balance_after, a.held = p.held_after, a.status = p.status_after,
         a.allowance_remaining = p.allowance_after, a.is_low = p.low_after, a.last_at = p.created_at
   WHERE p.is_last = 1;
  UPDATE w_item i JOIN w_posted p ON p.ord = COALESCE(i.first_ord, i.ord) SET i.tx_version = p.version;

  DELETE FROM w_entry;
  DELETE FROM w_draw;
END
