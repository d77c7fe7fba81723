-- NAME
--   LedgerEnter: writes what was added up. The one place where ledger rows, grants, accounts and events are written. Internal.
-- SYNOPSIS
--   CALL LedgerEnter(in_grants);
-- PARAMETERS
--   in_grants  how many grants w_grant_change changes
--   w_line holds the ledger rows to write, w_grant_change all that is drawn from each grant, w_draw the draws of rows that do not say them.
--   w_account, w_op and w_doc: see LedgerBook.
-- RESULT
--   The grants are changed. For each row of w_line, in the order of seq: one row of credit_transactions, the new grant or hold it asks for, the account
--   as its last row leaves it, one event CreditsChanged (all of them in one row of the outbox), and LowBalance or LowBalanceRecovered when the account's available credits crossed its threshold.
-- ERRORS
--   3819/4025 a CHECK refuses it: an account or grant would go below zero. A defect; the caller's transaction must roll back. So does -1.
--   45000 a draw did not reach its grant (there is none, or it is somebody else's), or a new grant not its row. A defect as well.
-- LOCKS
--   None beyond the accounts, which must be locked.
CREATE PROCEDURE LedgerEnter(IN in_grants INT)
ledger: BEGIN
  DECLARE v_rows INT DEFAULT 0;
  DECLARE v_new_grants INT DEFAULT 0;
  DECLARE v_holds INT DEFAULT 0;
  DECLARE v_signals INT DEFAULT 0;

  -- Work tables stand first in every UPDATE: an optimizer that began with the other side would lock rows of accounts that are not ours.
  -- And none that moves credits joins a query: MySQL 9.7 passes over rows of one now and then that it has just given to a SELECT.
  IF in_grants > 0 THEN
    UPDATE w_grant_change n STRAIGHT_JOIN credit_grants g FORCE INDEX (PRIMARY) ON g.id = n.grant_id AND g.user_id = n.user_id
       SET g.state = CASE WHEN n.ends = 1 OR g.state IN ('ending', 'ended')
                          -- A spent one that holds credits is damaged: it keeps them for who looks for that, and none of them lapses.
                          THEN CASE WHEN g.remaining + n.change_by > 0 AND g.state <> 'spent' THEN 'ending' ELSE 'ended' END
                          ELSE CASE WHEN g.remaining + n.change_by > 0 THEN 'open' ELSE 'spent' END END,
           g.remaining = g.remaining + n.change_by, g.reserved = g.reserved + n.reserve,
           g.renewed_version = COALESCE(n.renewed_version, g.renewed_version), g.amount = COALESCE(n.amount, g.amount), g.created_at = COALESCE(n.created_at, g.created_at);
    -- Every draw changes its grant, so it makes no difference that a connection may count what it met instead of what it changed.
    IF ROW_COUNT() <> in_grants THEN
      SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'a draw did not reach its grant; roll back';
    END IF;
  END IF;

  SELECT COUNT(*), COALESCE(SUM(new_kind IS NOT NULL AND grant_id IS NULL), 0), COALESCE(SUM(hold_until IS NOT NULL OR hold_end IS NOT NULL), 0), COALESCE(SUM(low_before <> low_after), 0)
    INTO v_rows, v_new_grants, v_holds, v_signals
    FROM w_line;
  IF v_rows = 0 THEN
    LEAVE ledger;
  END IF;

  IF v_new_grants > 0 THEN
    INSERT INTO credit_grants (user_id, origin_version, kind, state, amount, remaining, reserved, priority, expires_at, created_at)
    SELECT user_id, version, new_kind, 'open', new_amount, new_amount, 0, new_priority, new_until, created_at
      FROM w_line WHERE new_kind IS NOT NULL AND grant_id IS NULL ORDER BY seq;
    -- The new grant comes last: `[` what was drawn before, if anything, `, ` the grant `]`.
    UPDATE w_line p STRAIGHT_JOIN credit_grants g FORCE INDEX (credit_grants_origin) ON g.user_id = p.user_id AND g.origin_version = p.version
       SET p.grant_id = g.id,
           p.draws = CONCAT(LEFT(p.draws, CHAR_LENGTH(p.draws) - 1), CASE p.draws WHEN '[]' THEN '' ELSE ',' END,
                            '{"g":', g.id, ',"k":"', p.new_kind, '","c":', p.new_amount, ',"r":0}]')
     WHERE p.new_kind IS NOT NULL AND p.grant_id IS NULL;
    IF ROW_COUNT() <> v_new_grants THEN
      SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'a row does not name the grant it makes; roll back';
    END IF;
  END IF;

  IF v_holds > 0 THEN
    INSERT INTO credit_holds (user_id, origin_version, status, amount, expires_at, reason, feature, metadata, actor, created_at)
    SELECT p.user_id, p.version, 'open', p.held_change, p.hold_until, COALESCE(o.reason, ''), o.feature, m.doc, COALESCE(o.actor, 'system'), p.created_at
      FROM w_line p
      JOIN w_op o ON o.ord = p.ord
      LEFT JOIN w_doc m FORCE INDEX (PRIMARY) ON m.ord = CASE o.has_metadata WHEN 1 THEN o.ord END
     WHERE p.hold_until IS NOT NULL ORDER BY p.seq;
    DELETE FROM w_judge;
    INSERT INTO w_judge (ord, figure)
    SELECT p.seq, h.id FROM w_line p JOIN credit_holds h FORCE INDEX (credit_holds_origin) ON h.user_id = p.user_id AND h.origin_version = p.version
     WHERE p.hold_until IS NOT NULL;
    UPDATE w_line p JOIN w_judge j ON j.ord = p.seq SET p.hold_id = j.figure;
    UPDATE w_line p STRAIGHT_JOIN credit_holds h FORCE INDEX (PRIMARY) ON h.id = p.hold_id
       SET h.status = p.hold_end, h.captured = -p.amount, h.ended_at = p.created_at, h.end_version = p.version
     WHERE p.hold_end IS NOT NULL;
  END IF;

  -- The default of MySQL cuts a long list of draws short without a word.
  IF @@SESSION.group_concat_max_len < 4194304 THEN
    SET SESSION group_concat_max_len = 4194304;
  END IF;
  INSERT INTO credit_transactions (user_id, version, type, amount, balance_before, balance_after, held_change, held_after, status_after,
                                   draws, reason, feature, metadata, actor, related_transaction_id, hold_id, grant_id, grant_kind,
                                   operation, request_key, request_hash, period_start, traceparent, created_at)
  SELECT p.user_id, p.version, p.type, p.amount, p.balance_after - p.amount, p.balance_after, p.held_change, p.held_after, p.status_after,
         COALESCE(p.draws,
                  (SELECT CONCAT('[', GROUP_CONCAT('{"g":', d.grant_id, ',"k":"', d.kind, '","c":', d.change_by, ',"r":', d.reserve, '}' ORDER BY d.place SEPARATOR ','),
                                 CASE WHEN p.new_kind IS NULL THEN '' ELSE CONCAT(',{"g":', p.grant_id, ',"k":"', p.new_kind, '","c":', p.new_amount, ',"r":0}') END, ']')
                     FROM w_draw d WHERE d.seq = p.seq)),
         COALESCE(p.own_reason, NULLIF(o.reason, ''), h.reason, ''), COALESCE(o.feature, h.feature), COALESCE(m.doc, h.metadata), COALESCE(o.actor, 'system'),
         p.related_id, p.hold_id, p.grant_id, p.new_kind, p.operation, COALESCE(p.own_key, o.request_key),
         CASE WHEN p.own_key IS NULL THEN o.request_hash END, p.period_start, o.traceparent, p.created_at
    FROM w_line p
    LEFT JOIN w_op o ON o.ord = p.ord
    LEFT JOIN w_doc m FORCE INDEX (PRIMARY) ON m.ord = CASE o.has_metadata WHEN 1 THEN o.ord END
    -- A capture or release says what its hold said, where it says nothing itself.
    LEFT JOIN credit_holds h FORCE INDEX (PRIMARY) ON h.id = p.hold_id
   ORDER BY p.seq;

  UPDATE w_line p
    STRAIGHT_JOIN w_account w ON w.user_id = p.user_id
    STRAIGHT_JOIN profiles a FORCE INDEX (PRIMARY) ON a.user_id = p.user_id
     SET a.version = p.version, a.balance = p.balance_after, a.held = p.held_after, a.status = p.status_after,
         a.allowance_remaining = p.allowance_after, a.is_low = p.low_after, a.last_at = p.created_at,
         a.due_at = w.due_at, a.tier = w.tier, a.monthly_credits = w.monthly_credits, a.next_reset_at = w.next_reset_at,
         a.served_start = w.served_start, a.served_end = w.served_end, a.served_given = w.served_given,
         a.lapse_at = CASE WHEN p.lapse_at IS NULL OR a.lapse_at <= p.lapse_at THEN a.lapse_at ELSE p.lapse_at END
   WHERE p.is_last = 1;

  -- The event of a row is the row itself: the view outbox_event reads it there when the relay asks. Here stands, once for all rows of the call, which
  -- they are and what they do not say.
  INSERT INTO outbox (event_id, topic, type, subject, occurred_at, payload, events, entries)
  SELECT UUID(), 'credits.v1', 'stipend.credits.v1.CreditsChanged', '', MIN(p.created_at), '{}', COUNT(*),
         CONCAT('[', GROUP_CONCAT('["', p.user_id, '",', p.version,
                CASE WHEN a.tier IS NULL THEN ''
                     ELSE CONCAT(',', CONVERT(JSON_QUOTE(a.tier) USING ascii), ',', COALESCE(a.monthly_credits, 0), ',', p.allowance_after,
                                 CASE WHEN a.next_reset_at IS NULL THEN '' ELSE CONCAT(',"', a.next_reset_at, '"') END) END,
                ']' ORDER BY p.seq SEPARATOR ','), ']')
    FROM w_line p
    JOIN w_account a ON a.user_id = p.user_id;

  IF v_signals > 0 THEN
    INSERT INTO outbox (event_id, topic, type, subject, occurred_at, payload)
    SELECT UUID(), 'credits.v1',
           CASE low_after WHEN 1 THEN 'stipend.credits.v1.LowBalance' ELSE 'stipend.credits.v1.LowBalanceRecovered' END,
           user_id, created_at,
           JSON_OBJECT('userId', user_id, 'version', version, 'available', balance_after - held_after, 'threshold', threshold,
                       'occurredAt', CONCAT(REPLACE(created_at, ' ', 'T'), 'Z'))
      FROM w_line WHERE low_before <> low_after ORDER BY seq;
  END IF;
END
