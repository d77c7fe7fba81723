-- NAME
--   PurgeHistory - forget tallies, expectations, facts of memberships, changes and deliveries that no rule can reach any more
-- SYNOPSIS
--   CALL PurgeHistory(in_now, in_facts_before, in_log_before, in_limit)
-- PARAMETERS
--   in_now           UTC; tallies say themselves how long they matter
--   in_facts_before  memberships' versions (but the newest) and allowances that happened before go
--   in_log_before    expectations, routed changes and finished deliveries of before go
--   in_limit         at most so many rows of each table
-- RETURNS
--   one row: purged, the most rows that went from one table; call again when it is in_limit
-- ERRORS
--   none of its own
-- LOCKS
--   the rows it deletes
-- EXAMPLE
--   CALL PurgeHistory('2026-01-31 00:00:00.000', '2024-12-27 00:00:00.000', '2025-11-02 00:00:00.000', 500);
CREATE PROCEDURE PurgeHistory(IN in_now DATETIME(3), IN in_facts_before DATETIME(3), IN in_log_before DATETIME(3), IN in_limit INT)
  MODIFIES SQL DATA
BEGIN
  DECLARE v_most INT DEFAULT 0;

  DELETE FROM tallies WHERE keep_until < in_now ORDER BY keep_until LIMIT in_limit;
  SET v_most = GREATEST(v_most, ROW_COUNT());
  DELETE FROM expectations WHERE at < in_log_before ORDER BY at LIMIT in_limit;
  SET v_most = GREATEST(v_most, ROW_COUNT());
  DELETE FROM member_allowances WHERE at < in_facts_before ORDER BY at LIMIT in_limit;
  SET v_most = GREATEST(v_most, ROW_COUNT());
  DELETE t FROM member_terms AS t
  JOIN (SELECT old.user_id, old.version
        FROM member_terms AS old
        JOIN accounts AS a ON a.user_id = old.user_id AND a.membership_version > old.version
        WHERE old.at < in_facts_before
        ORDER BY old.at LIMIT in_limit) AS past ON past.user_id = t.user_id AND past.version = t.version;
  SET v_most = GREATEST(v_most, ROW_COUNT());
  DELETE i FROM delivery_items AS i
  JOIN (SELECT delivery_id FROM deliveries WHERE created_at < in_log_before AND status <> 'waiting'
        ORDER BY created_at, id LIMIT in_limit) AS past ON past.delivery_id = i.delivery_id;
  DELETE FROM deliveries WHERE created_at < in_log_before AND status <> 'waiting' ORDER BY created_at, id LIMIT in_limit;
  SET v_most = GREATEST(v_most, ROW_COUNT());
  DELETE FROM alert_changes WHERE routed_at < in_log_before ORDER BY routed_at, id LIMIT in_limit;
  SET v_most = GREATEST(v_most, ROW_COUNT());
  SELECT v_most AS purged;
END
