-- NAME
--   ExplainBalance: what the balance of an account was made of at a past moment, grant by grant, told from the ledger alone.
-- SYNOPSIS
--   CALL ExplainBalance(in_user_id, in_at);
-- PARAMETERS
--   in_user_id  the account
--   in_at       the moment, UTC; rows written at that very millisecond count
-- RETURNS
--   No row when there is no such account, else one: version, balance, held, status, grants (JSON, Σ remaining = balance).
-- NOTES
--   Reads every row of the account up to that moment.
-- ERRORS
--   None of its own.
-- LOCKS
--   None.
-- EXAMPLE
--   CALL ExplainBalance('alice', '2026-01-31 12:00:00.000');
CREATE PROCEDURE ExplainBalance(IN in_user_id VARCHAR(128) CHARACTER SET ascii, IN in_at DATETIME(3))
BEGIN
  DECLARE v_user VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin DEFAULT in_user_id;
  DECLARE v_version BIGINT DEFAULT 0;
  DECLARE v_grants LONGTEXT CHARACTER SET utf8mb4 DEFAULT NULL;
  SET SESSION group_concat_max_len = 4194304;

  -- The ledger is append-only: what is read up to a version is the same for every statement.
  SELECT COALESCE(MAX(version), 0) INTO v_version FROM credit_transactions WHERE user_id = v_user AND created_at <= in_at;

  SELECT GROUP_CONCAT('{"id":"', g.id, '","kind":"', g.kind, '","remaining":', s.remaining, ',"reserved":', s.reserved, ',"priority":', g.priority,
                      ',"expiresAt":', COALESCE(CONCAT('"', g.expires_at, '"'), 'null'), '}'
                      ORDER BY g.priority, g.expires_at IS NULL, g.expires_at, s.since SEPARATOR ',')
    INTO v_grants
    FROM (SELECT d.grant_id, SUM(d.change_by) AS remaining, SUM(d.reserve) AS reserved,
                 -- As old as the row that made it, or filled it anew.
                 GREATEST(MIN(t.version), COALESCE(MAX(CASE WHEN t.type = 'reset' AND d.change_by > 0 THEN t.version END), 0)) AS since
            FROM credit_transactions t
            STRAIGHT_JOIN JSON_TABLE(t.draws, '$[*]' COLUMNS (grant_id BIGINT PATH '$.g', change_by BIGINT PATH '$.c', reserve BIGINT PATH '$.r')) d
           WHERE t.user_id = v_user AND t.version <= v_version
           GROUP BY d.grant_id
          HAVING SUM(d.change_by) > 0) s
    JOIN credit_grants g FORCE INDEX (PRIMARY) ON g.id = s.grant_id;

  SELECT COALESCE(t.version, 0) AS version, COALESCE(t.balance_after, 0) AS balance, COALESCE(t.held_after, 0) AS held, COALESCE(t.status_after, 'active') AS status,
         CONCAT('[', COALESCE(v_grants, ''), ']') AS grants
    FROM profiles a
    LEFT JOIN credit_transactions t FORCE INDEX (credit_transactions_version) ON t.user_id = a.user_id AND t.version = v_version
   WHERE a.user_id = v_user;
END
