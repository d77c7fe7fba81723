-- NAME
--   RecoverAlerts - end the alerts whose cause is gone
-- SYNOPSIS
--   CALL RecoverAlerts(in_items, in_now)
-- PARAMETERS
--   in_items  JSON array of {fingerprint, at 'YYYY-MM-DD HH:MM:SS.mmm'}: since when the cause is gone, UTC; a
--             fingerprint without an alert that is not resolved is nothing to do
--   in_now    UTC
-- RETURNS
--   nothing
-- ERRORS
--   none of its own
-- LOCKS
--   the alerts with these fingerprints that are not resolved, in order of the fingerprint
-- EVENTS
--   AlertRecovered for each alert that ended
-- EXAMPLE
--   CALL RecoverAlerts('[{"fingerprint": "event_gap:alice", "at": "2026-01-31 00:00:00.000"}]', '2026-01-31 00:00:00.000');
CREATE PROCEDURE RecoverAlerts(IN in_items JSON, IN in_now DATETIME(3))
  MODIFIES SQL DATA
BEGIN
  DECLARE v_ended JSON;
  DECLARE v_locked INT;

  -- One order for all, as in LockAccounts.
  SELECT COUNT(*) INTO v_locked
  FROM (SELECT item.fingerprint
        FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
               fingerprint VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.fingerprint')) AS item
        ORDER BY item.fingerprint
        LIMIT 100000) AS wanted
  STRAIGHT_JOIN alerts AS a ON a.active_fingerprint = wanted.fingerprint
  FOR UPDATE;

  -- Which ones end is settled first: after the UPDATE they are no longer found by their fingerprint.
  SELECT COALESCE(JSON_ARRAYAGG(a.seq), JSON_ARRAY()) INTO v_ended
  FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
         fingerprint VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.fingerprint')) AS item
  JOIN alerts AS a ON a.active_fingerprint = item.fingerprint;

  UPDATE alerts AS a
  JOIN JSON_TABLE(in_items, '$[*]' COLUMNS (
         fingerprint VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.fingerprint',
         at          DATETIME(3) PATH '$.at')) AS item ON a.active_fingerprint = item.fingerprint
  SET a.status = 'resolved', a.resolved_at = GREATEST(item.at, a.last_seen_at), a.resolved_by = 'system',
      a.resolution = 'recovered';

  CALL TellAlerts(v_ended, 'recovered', in_now);
END
