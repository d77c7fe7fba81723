-- NAME
--   CheckCreditsSync: compares, for a range of accounts, what must always agree, and reports each difference. Changes nothing; RepairAccounts mends.
-- SYNOPSIS
--   CALL CheckCreditsSync(in_after_user_id, in_limit, in_user_ids);
-- PARAMETERS
--   in_after_user_id  accounts after this one, in byte order ('' = from the first)
--   in_limit          at most so many, 1–500
--   in_user_ids       JSON array: these accounts instead of the range; NULL for the range
-- RETURNS
--   A row an account in byte order: user_id, version, balance, held, status, problems (JSON array of {code, expected, actual}; empty = sound):
--     grants_sum     Σ remaining of grants that can be spent or lapse (open, ending) is not the balance
--     reserved_sum   Σ reserved of grants is not held
--     held_sum       Σ open holds is not held
--     ledger_sum     Σ amounts of the ledger is not the balance
--     ledger_last    balance, held or status of the newest row are not the account's
--     ledger_gap     versions have gaps: the number of rows is not the version
--     ledger_chain   rows whose balance before is not the balance after of the row before (their number)
--     grant_draws    grants named by the account's draws that are another's, or whose remaining or reserved is not what those draws add up to (their number)
--     allowance_sum  Σ remaining of allowance grants is not allowance_remaining
--     over_refunded  consumptions that were given back more than once in total (their number)
-- NOTES
--   A row of operation `restate` (RepairAccounts) is an opening balance: sums, versions and links are taken from it on, and what lies before it is dealt with. Draws are
--   summed over all rows: such a row has those that were lacking.
-- ERRORS
--   None of its own.
-- LOCKS
--   None. One statement, so everything is of one moment, whatever is written meanwhile.
-- EXAMPLE
--   CALL CheckCreditsSync('', 100, NULL);
CREATE PROCEDURE CheckCreditsSync(IN in_after_user_id VARCHAR(128) CHARACTER SET ascii, IN in_limit INT, IN in_user_ids JSON)
BEGIN
  SET SESSION group_concat_max_len = 4194304;
  CALL LedgerBegin();
  IF in_user_ids IS NULL THEN
    INSERT INTO w_user (user_id)
    SELECT user_id FROM profiles WHERE user_id > CONVERT(in_after_user_id USING ascii) COLLATE ascii_bin ORDER BY user_id LIMIT in_limit;
  ELSE
    CALL LedgerUsers(in_user_ids);
  END IF;

  -- MySQL cannot open a temporary table twice in one statement, and it has to be one.
  DELETE FROM w_user_2;
  INSERT INTO w_user_2 (user_id) SELECT user_id FROM w_user;
  DELETE FROM w_user_3;
  INSERT INTO w_user_3 (user_id) SELECT user_id FROM w_user;
  DELETE FROM w_user_4;
  INSERT INTO w_user_4 (user_id) SELECT user_id FROM w_user;
  SELECT a.user_id, a.version, a.balance, a.held, a.status,
         CONCAT('[', CONCAT_WS(',',
           CASE WHEN a.grants <> a.balance THEN CONCAT('{"code":"grants_sum","expected":', a.balance, ',"actual":', a.grants, '}') END,
           CASE WHEN a.reserved <> a.held THEN CONCAT('{"code":"reserved_sum","expected":', a.held, ',"actual":', a.reserved, '}') END,
           CASE WHEN a.holds <> a.held THEN CONCAT('{"code":"held_sum","expected":', a.held, ',"actual":', a.holds, '}') END,
           CASE WHEN a.allowance <> a.allowance_remaining THEN CONCAT('{"code":"allowance_sum","expected":', a.allowance_remaining, ',"actual":', a.allowance, '}') END,
           CASE WHEN COALESCE(l.amounts, 0) <> a.balance THEN CONCAT('{"code":"ledger_sum","expected":', a.balance, ',"actual":', COALESCE(l.amounts, 0), '}') END,
           CASE WHEN COALESCE(l.base + l.rows_written, 0) <> a.version OR COALESCE(l.newest, 0) <> a.version
                THEN CONCAT('{"code":"ledger_gap","expected":', a.version, ',"actual":', COALESCE(l.base + l.rows_written, 0), '}') END,
           CASE WHEN COALESCE(l.last_balance, 0) <> a.balance THEN CONCAT('{"code":"ledger_last","expected":', a.balance, ',"actual":', COALESCE(l.last_balance, 0), '}')
                WHEN COALESCE(l.last_held, 0) <> a.held THEN CONCAT('{"code":"ledger_last","expected":', a.held, ',"actual":', COALESCE(l.last_held, 0), '}')
                WHEN COALESCE(l.last_status, 'active') <> a.status THEN '{"code":"ledger_last","expected":0,"actual":1}' END,
           CASE WHEN l.breaks > 0 THEN CONCAT('{"code":"ledger_chain","expected":0,"actual":', l.breaks, '}') END,
           CASE WHEN d.wrong > 0 OR d.strange_newest > l.base THEN CONCAT('{"code":"grant_draws","expected":0,"actual":', GREATEST(d.wrong, 1), '}') END,
           CASE WHEN r.newest > l.base THEN CONCAT('{"code":"over_refunded","expected":0,"actual":', r.wrong, '}') END), ']') AS problems
    FROM (SELECT p.user_id, p.version, p.balance, p.held, p.status, p.allowance_remaining,
                 COALESCE((SELECT SUM(CASE WHEN g.state IN ('open', 'ending') THEN g.remaining ELSE 0 END) FROM credit_grants g WHERE g.user_id = p.user_id), 0) AS grants,
                 COALESCE((SELECT SUM(g.reserved) FROM credit_grants g WHERE g.user_id = p.user_id), 0) AS reserved,
                 COALESCE((SELECT SUM(g.remaining) FROM credit_grants g WHERE g.user_id = p.user_id AND g.kind = 'allowance'), 0) AS allowance,
                 COALESCE((SELECT SUM(h.amount) FROM credit_holds h WHERE h.user_id = p.user_id AND h.status = 'open'), 0) AS holds
            FROM w_user n
            STRAIGHT_JOIN profiles p FORCE INDEX (PRIMARY) ON p.user_id = n.user_id) a
    LEFT JOIN (SELECT user_id, MAX(base) AS base, MAX(version) AS newest, SUM(CASE WHEN version > base THEN 1 ELSE 0 END) AS rows_written,
                      SUM(CASE WHEN version = base THEN balance_after WHEN version > base THEN amount ELSE 0 END) AS amounts,
                      SUM(CASE WHEN version <= base THEN 0 WHEN balance_before <> previous_balance OR held_after - held_change <> previous_held THEN 1 ELSE 0 END) AS breaks,
                      SUM(CASE WHEN next_version IS NULL THEN balance_after END) AS last_balance, SUM(CASE WHEN next_version IS NULL THEN held_after END) AS last_held,
                      MAX(CASE WHEN next_version IS NULL THEN status_after END) AS last_status
                 FROM (SELECT t.user_id, t.version, t.amount, t.balance_before, t.balance_after, t.held_change, t.held_after, CONCAT(t.status_after) AS status_after,
                              MAX(CASE t.operation WHEN 'restate' THEN t.version ELSE 0 END) OVER (PARTITION BY t.user_id) AS base,
                              COALESCE(LAG(t.balance_after) OVER by_version, 0) AS previous_balance, COALESCE(LAG(t.held_after) OVER by_version, 0) AS previous_held,
                              LEAD(t.version) OVER by_version AS next_version
                         FROM w_user_2 n
                         STRAIGHT_JOIN credit_transactions t FORCE INDEX (credit_transactions_version) ON t.user_id = n.user_id
                       WINDOW by_version AS (PARTITION BY t.user_id ORDER BY t.version)) chained
                GROUP BY user_id) l ON l.user_id = a.user_id
    -- From the draws, not from the grants: a draw may name a grant of somebody else. A grant that no draw names shows in the sums.
    -- One that a restating row has settled adds up to nothing; grant 0 is what no grant could be named for.
    LEFT JOIN (SELECT x.user_id, MAX(CASE WHEN g.id IS NULL THEN x.newest ELSE 0 END) AS strange_newest,
                      SUM(CASE WHEN g.id IS NULL AND x.grant_id = 0 THEN 0
                               WHEN x.remaining <> COALESCE(g.remaining, 0) OR x.reserved <> COALESCE(g.reserved, 0) THEN 1 ELSE 0 END) AS wrong
                 FROM (SELECT t.user_id, d.grant_id, MAX(t.version) AS newest, SUM(d.change_by) AS remaining, SUM(d.reserve) AS reserved
                         FROM w_user_3 n
                         STRAIGHT_JOIN credit_transactions t FORCE INDEX (credit_transactions_version) ON t.user_id = n.user_id
                         STRAIGHT_JOIN JSON_TABLE(t.draws, '$[*]' COLUMNS (grant_id BIGINT PATH '$.g', change_by BIGINT PATH '$.c', reserve BIGINT PATH '$.r')) d
                        GROUP BY t.user_id, d.grant_id) x
                 LEFT JOIN credit_grants g FORCE INDEX (PRIMARY) ON g.id = x.grant_id AND g.user_id = x.user_id
                WHERE g.id IS NULL OR x.remaining <> g.remaining OR x.reserved <> g.reserved
                GROUP BY x.user_id) d ON d.user_id = a.user_id
    LEFT JOIN (SELECT x.user_id, COUNT(*) AS wrong, MAX(x.newest) AS newest
                 FROM (SELECT r.user_id, r.related_transaction_id AS id, SUM(r.amount) AS given, MAX(r.version) AS newest
                         FROM w_user_4 n
                         STRAIGHT_JOIN credit_transactions r FORCE INDEX (credit_transactions_version) ON r.user_id = n.user_id
                        WHERE r.type = 'refund' GROUP BY r.user_id, r.related_transaction_id) x
                 JOIN credit_transactions c FORCE INDEX (PRIMARY) ON c.id = x.id
                WHERE x.given > -c.amount
                GROUP BY x.user_id) r ON r.user_id = a.user_id
   ORDER BY a.user_id;
END
