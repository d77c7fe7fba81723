-- NAME
--   LedgerRepairRead: reads what the locked accounts, their grants and holds say, and what their ledgers say. Internal.
-- SYNOPSIS
--   CALL LedgerRepairRead();
-- RESULT
--   The tables of LedgerRepairTables, without what LedgerRepairPlan works out.
-- NOTES
--   Reads every row of these accounts. Draws from grant 0 say what no grant can be named for; only a row that restates has them.
CREATE PROCEDURE LedgerRepairRead()
BEGIN
  DECLARE CONTINUE HANDLER FOR 1146 CALL LedgerRepairTables();
  DELETE FROM w_repair_part;
  DELETE FROM w_repair;
  DELETE FROM w_repair_grant;
  DELETE FROM w_repair_hold;
  DELETE FROM w_repair_taken;
  DELETE FROM w_repair_refund;
  DELETE FROM w_repair_misread;

  INSERT INTO w_repair (user_id, version, balance, held, status, allowance, base, newest, amounts, jumps, gaps, breaks, last_balance, last_held, last_status)
  SELECT a.user_id, a.version, a.balance, a.held, a.status, a.allowance_remaining, COALESCE(l.base, 0), COALESCE(l.newest, 0), COALESCE(l.amounts, 0),
         COALESCE(l.jumps, 0), COALESCE(l.gaps, 0), COALESCE(l.breaks, 0), COALESCE(l.last_balance, 0), COALESCE(l.last_held, 0), COALESCE(l.last_status, 'active')
    FROM w_account a
    LEFT JOIN (SELECT user_id, MAX(base) AS base, MAX(version) AS newest,
                      SUM(CASE WHEN version = base THEN balance_after WHEN version > base THEN amount ELSE 0 END) AS amounts,
                      SUM(CASE WHEN version > base AND version <> previous_version + 1 THEN balance_before - previous_balance ELSE 0 END) AS jumps,
                      SUM(CASE WHEN version > base AND version <> previous_version + 1 THEN 1 ELSE 0 END) AS gaps,
                      SUM(CASE WHEN version > base AND (balance_before <> previous_balance OR held_after - held_change <> previous_held) THEN 1 ELSE 0 END) AS breaks,
                      SUM(CASE WHEN next_version IS NULL THEN balance_after END) AS last_balance, SUM(CASE WHEN next_version IS NULL THEN held_after END) AS last_held,
                      MAX(CASE WHEN next_version IS NULL THEN status_after END) AS last_status
                 FROM (SELECT t.user_id, t.version, t.amount, t.balance_before, t.balance_after, t.held_change, t.held_after,
                              CAST(CONCAT(t.status_after) AS CHAR(8)) AS status_after,
                              MAX(CASE t.operation WHEN 'restate' THEN t.version ELSE 0 END) OVER (PARTITION BY t.user_id) AS base,
                              COALESCE(LAG(t.version) OVER by_version, 0) AS previous_version, COALESCE(LAG(t.balance_after) OVER by_version, 0) AS previous_balance,
                              COALESCE(LAG(t.held_after) OVER by_version, 0) AS previous_held, LEAD(t.version) OVER by_version AS next_version
                         FROM w_user n
                         STRAIGHT_JOIN credit_transactions t FORCE INDEX (credit_transactions_version) ON t.user_id = n.user_id
                       WINDOW by_version AS (PARTITION BY t.user_id ORDER BY t.version)) chained
                GROUP BY user_id) l ON l.user_id = a.user_id;

  INSERT INTO w_repair_grant (user_id, grant_id, kind, drawn, drawn_reserved, newest, lapsed)
  SELECT t.user_id, d.grant_id, MAX(d.kind), SUM(d.change_by), SUM(d.reserve), MAX(t.version),
         -- A reset that fills it anew is no end of it.
         CASE WHEN COALESCE(MAX(CASE WHEN t.type IN ('expire', 'reset') AND d.change_by <= 0 THEN t.version END), 0)
                   > COALESCE(MAX(CASE WHEN d.change_by > 0 AND t.type = 'reset' THEN t.version END), 0) THEN 1 ELSE 0 END
    FROM w_user n
    STRAIGHT_JOIN credit_transactions t FORCE INDEX (credit_transactions_version) ON t.user_id = n.user_id
    STRAIGHT_JOIN JSON_TABLE(t.draws, '$[*]' COLUMNS (grant_id BIGINT PATH '$.g', kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.k',
             change_by BIGINT PATH '$.c', reserve BIGINT PATH '$.r')) d
   WHERE d.grant_id <> 0
   GROUP BY t.user_id, d.grant_id;
  INSERT INTO w_repair_grant (user_id, grant_id, kind, owned, origin_version, remaining, reserved, state, priority, expires_at)
  SELECT g.user_id, g.id, g.kind, 1, GREATEST(g.origin_version, g.renewed_version), g.remaining, g.reserved, g.state, g.priority, g.expires_at
    FROM w_user n
    STRAIGHT_JOIN credit_grants g FORCE INDEX (credit_grants_state) ON g.user_id = n.user_id
      ON DUPLICATE KEY UPDATE owned = 1, kind = VALUES(kind), origin_version = VALUES(origin_version), remaining = VALUES(remaining), reserved = VALUES(reserved),
         state = VALUES(state), priority = VALUES(priority), expires_at = VALUES(expires_at);
  -- An allowance that was spent to the last credit ends with a reset that has nothing to say of it.
  UPDATE (SELECT t.user_id, MAX(t.version) AS version
            FROM w_user n STRAIGHT_JOIN credit_transactions t FORCE INDEX (credit_transactions_version) ON t.user_id = n.user_id
           WHERE t.type = 'reset' GROUP BY t.user_id) s
    JOIN w_repair_grant x ON x.user_id = s.user_id
     SET x.lapsed = 1
   WHERE x.kind = 'allowance' AND x.origin_version < s.version;

  INSERT INTO w_repair_hold (user_id, hold_id, status, amount, end_version)
  SELECT h.user_id, h.id, h.status, h.amount, h.end_version
    FROM w_user n
    STRAIGHT_JOIN credit_holds h FORCE INDEX (credit_holds_status) ON h.user_id = n.user_id AND h.status = 'open';
  INSERT INTO w_repair_hold (user_id, hold_id, opened, hold_version, hold_amount)
  SELECT t.user_id, t.hold_id, 1, MAX(t.version), MAX(t.held_change)
    FROM w_user n
    STRAIGHT_JOIN credit_transactions t FORCE INDEX (credit_transactions_version) ON t.user_id = n.user_id
   WHERE t.hold_id IS NOT NULL
   GROUP BY t.user_id, t.hold_id
  HAVING SUM(CASE t.type WHEN 'hold' THEN 0 ELSE 1 END) = 0
      ON DUPLICATE KEY UPDATE opened = 1, hold_version = VALUES(hold_version), hold_amount = VALUES(hold_amount);
  UPDATE w_repair_hold x STRAIGHT_JOIN credit_holds h FORCE INDEX (PRIMARY) ON h.id = x.hold_id
     SET x.status = h.status, x.amount = h.amount, x.end_version = h.end_version
   WHERE h.user_id = x.user_id AND x.status IS NULL;
  UPDATE (SELECT t.user_id, t.hold_id, MAX(t.version) AS version
            FROM w_user n STRAIGHT_JOIN credit_transactions t FORCE INDEX (credit_transactions_version) ON t.user_id = n.user_id
           WHERE t.hold_id IS NOT NULL AND t.type IN ('consume', 'release')
           GROUP BY t.user_id, t.hold_id) e
    JOIN w_repair_hold x ON x.user_id = e.user_id AND x.hold_id = e.hold_id
     SET x.ended_by = e.version;
  -- An earlier repair ended it: its row stands for the release.
  UPDATE w_repair_hold x STRAIGHT_JOIN credit_transactions t FORCE INDEX (credit_transactions_version) ON t.user_id = x.user_id AND t.version = x.end_version
     SET x.opened = 0
   WHERE t.operation = 'restate' AND x.status = 'released';
  INSERT INTO w_repair_part (user_id, hold_id, grant_id, amount)
  SELECT x.user_id, x.hold_id, d.grant_id, d.reserve
    FROM w_repair_hold x
    STRAIGHT_JOIN credit_transactions t FORCE INDEX (credit_transactions_version) ON t.user_id = x.user_id AND t.version = x.hold_version
    STRAIGHT_JOIN JSON_TABLE(t.draws, '$[*]' COLUMNS (grant_id BIGINT PATH '$.g', reserve BIGINT PATH '$.r')) d
   WHERE x.opened = 1;

  INSERT INTO w_repair_refund (user_id, excess)
  SELECT x.user_id, SUM(x.given + c.amount)
    FROM (SELECT r.user_id, r.related_transaction_id AS id, SUM(r.amount) AS given, MAX(r.version) AS newest
            FROM w_user n
            STRAIGHT_JOIN credit_transactions r FORCE INDEX (credit_transactions_version) ON r.user_id = n.user_id
           WHERE r.type = 'refund' GROUP BY r.user_id, r.related_transaction_id) x
    JOIN credit_transactions c FORCE INDEX (PRIMARY) ON c.id = x.id
    JOIN w_repair b ON b.user_id = x.user_id
   WHERE x.given > -c.amount AND x.newest > b.base
   GROUP BY x.user_id;

  -- An amount that is not the sum of its draws counts if the next row goes on from there (for the newest one: the account); else the draws do:
  -- what moved no grant moved nothing.
  INSERT INTO w_repair_misread (user_id, misread)
  SELECT c.user_id, SUM(c.amount - c.drawn)
    FROM (SELECT x.user_id, x.version, x.amount, x.balance_before, x.drawn,
                 LEAD(x.version) OVER by_version AS next_version, LEAD(x.balance_before) OVER by_version AS next_before
            FROM (SELECT t.user_id, t.version, t.amount, t.balance_before, COALESCE(SUM(d.change_by), 0) AS drawn
                    FROM w_user n
                    STRAIGHT_JOIN credit_transactions t FORCE INDEX (credit_transactions_version) ON t.user_id = n.user_id
                    LEFT JOIN JSON_TABLE(t.draws, '$[*]' COLUMNS (change_by BIGINT PATH '$.c')) d ON 1 = 1
                   GROUP BY t.user_id, t.version, t.amount, t.balance_before) x
          WINDOW by_version AS (PARTITION BY x.user_id ORDER BY x.version)) c
    JOIN w_repair b ON b.user_id = c.user_id
   WHERE c.version > b.base AND c.drawn <> c.amount
     AND c.amount <> CASE WHEN c.next_version = c.version + 1 THEN c.next_before - c.balance_before
                          WHEN c.next_version IS NULL AND b.version = c.version THEN b.balance - c.balance_before ELSE c.drawn END
   GROUP BY c.user_id;
END
