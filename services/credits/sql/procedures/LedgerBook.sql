-- NAME
--   LedgerBook: books the entries: adds up what each makes of its account and grants, and has it written. Internal.
-- SYNOPSIS
--   CALL LedgerBook(in_now);
-- PARAMETERS
--   in_now  the moment of the change
--   w_account holds the accounts, and what is to be theirs from now on: when they are due, what they show of their membership, what was served.
--   w_op and w_doc hold the operations: reason, feature, metadata, actor, key, hash and traceparent of entries with an ord.
-- RESULT
--   For each row of w_entry, in the order of seq: one row of credit_transactions with version + 1 and the running figures, and all that LedgerEnter
--   writes with it. w_account and w_item.tx_version are brought up to date (LedgerCarry); w_entry and w_draw are emptied.
-- ERRORS
--   Those of LedgerEnter; -1 stands where an entry is not the sum of its draws. 1062: two accounts draw from one grant.
-- LOCKS
--   None beyond the accounts, which must be locked.
CREATE PROCEDURE LedgerBook(IN in_now DATETIME(3))
post: BEGIN
  DECLARE v_accounts INT DEFAULT 0;
  DECLARE v_more INT DEFAULT 0;
  DECLARE v_drawn INT DEFAULT 0;

  DELETE FROM w_line;
  DELETE FROM w_running;
  -- The last entry of each account. LEAD() over the entries would say the same, at two fifths of the cost of the statement below on MySQL.
  DELETE FROM w_judge;
  INSERT INTO w_judge (ord) SELECT MAX(seq) FROM w_entry GROUP BY user_id;
  SET v_accounts = ROW_COUNT();
  IF v_accounts = 0 THEN
    LEAVE post;
  END IF;
  SELECT COUNT(*) - v_accounts INTO v_more FROM w_entry;
  IF v_more > 0 THEN
    -- One order and one frame for all windows: both engines sort once, and MySQL needs no second pass.
    INSERT INTO w_running (seq, entries, amount, held_change, allowance_change, lapse_at)
    SELECT e.seq, COUNT(*) OVER running, SUM(e.amount) OVER running, SUM(e.held_change) OVER running,
           SUM(COALESCE(d.allowance_change, 0) + CASE WHEN e.new_kind = 'allowance' THEN e.new_amount ELSE 0 END) OVER running,
           MIN(COALESCE(e.new_until, e.hold_until)) OVER running
      FROM w_entry e
      LEFT JOIN (SELECT seq, SUM(change_by) AS allowance_change FROM w_draw WHERE kind = 'allowance' GROUP BY seq) d ON d.seq = e.seq
    WINDOW running AS (PARTITION BY e.user_id ORDER BY e.seq ROWS UNBOUNDED PRECEDING);
  END IF;

  INSERT INTO w_line (seq, ord, user_id, version, type, amount, balance_after, held_change, held_after, status_after, allowance_after,
                     low_before, low_after, threshold, is_last, lapse_at, created_at, related_id, hold_id, hold_end, hold_until,
                     grant_id, new_kind, new_amount, new_priority, new_until, period_start, operation, own_key, own_reason, draws)
  SELECT e.seq, e.ord, e.user_id, a.version + COALESCE(r.entries, 1), e.type, e.amount,
         -- What a row says must be what its draws do. No CHECK lets -1 pass.
         CASE WHEN e.amount = COALESCE(d.changed, 0) + COALESCE(e.new_amount, 0) AND e.held_change = COALESCE(d.reserved, 0)
              THEN a.balance + COALESCE(r.amount, e.amount) ELSE -1 END,
         e.held_change, a.held + COALESCE(r.held_change, e.held_change), COALESCE(e.set_status, a.status),
         a.allowance_remaining
           + COALESCE(r.allowance_change, COALESCE(d.allowance_change, 0) + CASE WHEN e.new_kind = 'allowance' THEN e.new_amount ELSE 0 END),
         -- Of the first row, what the account said last.
         CASE WHEN r.entries > 1 THEN a.balance - a.held + r.amount - r.held_change - e.amount + e.held_change
                                        < COALESCE(a.low_threshold, FLOOR(COALESCE(a.monthly_credits, 0) / 10))
              ELSE a.is_low END,
         a.balance - a.held + COALESCE(r.amount, e.amount) - COALESCE(r.held_change, e.held_change)
           < COALESCE(a.low_threshold, FLOOR(COALESCE(a.monthly_credits, 0) / 10)),
         COALESCE(a.low_threshold, FLOOR(COALESCE(a.monthly_credits, 0) / 10)), l.ord IS NOT NULL,
         -- Of the last row, where it counts, it is the earliest of all.
         CASE WHEN r.seq IS NULL THEN COALESCE(e.new_until, e.hold_until) ELSE r.lapse_at END,
         GREATEST(in_now, a.last_at), e.related_id, e.hold_id, e.hold_end, e.hold_until,
         e.grant_id, e.new_kind, e.new_amount, e.new_priority, e.new_until, e.period_start, e.operation, e.own_key, e.own_reason,
         CASE WHEN d.seq IS NULL THEN '[]' ELSE d.only_draw END
    FROM w_entry e
    JOIN w_account a ON a.user_id = e.user_id
    LEFT JOIN w_judge l ON l.ord = e.seq
    LEFT JOIN w_running r ON r.seq = e.seq
    LEFT JOIN (SELECT seq, SUM(change_by) AS changed, SUM(reserve) AS reserved, SUM(CASE kind WHEN 'allowance' THEN change_by ELSE 0 END) AS allowance_change,
                      -- Of one row, MIN is the row.
                      CASE COUNT(*) WHEN 1 THEN CONCAT('[{"g":', MIN(grant_id), ',"k":"', MIN(kind), '","c":', MIN(change_by), ',"r":', MIN(reserve), '}]') END AS only_draw
                 FROM w_draw GROUP BY seq) d ON d.seq = e.seq;

  DELETE FROM w_grant_change;
  INSERT INTO w_grant_change (grant_id, user_id, change_by, reserve, ends)
  SELECT d.grant_id, p.user_id, SUM(d.change_by), SUM(d.reserve), MAX(d.ends)
    FROM w_draw d STRAIGHT_JOIN w_line p ON p.seq = d.seq
   WHERE d.fresh = 0
   GROUP BY d.grant_id, p.user_id;
  -- Not how many it has become: a draw that belongs to no row must not pass unseen.
  SELECT COUNT(DISTINCT grant_id) INTO v_drawn FROM w_draw WHERE fresh = 0;

  CALL LedgerEnter(v_drawn);
  CALL LedgerCarry();

  DELETE FROM w_entry;
  DELETE FROM w_draw;
END
