-- NAME
--   RaiseAlerts - open an alert for each finding, or add the finding to the alert that is open already
-- SYNOPSIS
--   CALL RaiseAlerts(in_findings, in_now)
-- PARAMETERS
--   in_findings  JSON array of {id, fingerprint, rule, family, severity 1..3, userId|null, firstAt, lastAt, countMode
--                'add'|'peak', count, evidence (JSON as text), tellAgain 1|0, recoversAt|null}; times 'YYYY-MM-DD HH:MM:SS.mmm' in
--                UTC; each fingerprint at most once in a call; id is used if a new alert is opened
--   in_now       UTC
-- RETURNS
--   a row for each finding: fingerprint, id of the alert it went into, opened 1 or 0
-- ERRORS
--   none of its own
-- LOCKS
--   the alerts with these fingerprints that are not resolved, in order of the fingerprint
-- EVENTS
--   AlertRaised for each new alert, each rise of severity, and each finding with tellAgain; AlertRecovered for an alert whose recovers_at had passed
--   when the finding happened: that one is over and a new one begins, also when the monitor reads all of it late. The
--   other way round, an alert that was ended by time before the finding was read, although the finding belongs to it,
--   is opened again (AlertRaised): so a monitor that reads late ends with the same alerts
-- EXAMPLE
--   CALL RaiseAlerts('[{"id": "0190a5c2-…", "fingerprint": "large_change:alice", …}]', '2026-01-31 00:00:00.000');
CREATE PROCEDURE RaiseAlerts(IN in_findings JSON, IN in_now DATETIME(3))
  MODIFIES SQL DATA
BEGIN
  DECLARE v_lapsed JSON;
  DECLARE v_again JSON;
  DECLARE v_news JSON;
  DECLARE v_locked INT;

  -- One order for all, as in LockAccounts.
  SELECT COUNT(*) INTO v_locked
  FROM (SELECT item.fingerprint
        FROM JSON_TABLE(in_findings, '$[*]' COLUMNS (
               fingerprint VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.fingerprint')) AS item
        ORDER BY item.fingerprint
        LIMIT 100000) AS wanted
  STRAIGHT_JOIN alerts AS a ON a.active_fingerprint = wanted.fingerprint
  FOR UPDATE;

  SELECT COALESCE(JSON_ARRAYAGG(JSON_OBJECT('fingerprint', a.fingerprint,
                                            'at', DATE_FORMAT(a.recovers_at, '%Y-%m-%d %H:%i:%s.%f'))), JSON_ARRAY())
  INTO v_lapsed
  FROM JSON_TABLE(in_findings, '$[*]' COLUMNS (
         fingerprint VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.fingerprint',
         first_at    DATETIME(3) PATH '$.firstAt')) AS item
  JOIN alerts AS a ON a.active_fingerprint = item.fingerprint
  WHERE a.recovers_at <= item.first_at;
  IF JSON_LENGTH(v_lapsed) > 0 THEN
    CALL RecoverAlerts(v_lapsed, in_now);
  END IF;

  SELECT COALESCE(JSON_ARRAYAGG(episode.seq), JSON_ARRAY()) INTO v_again
  FROM (
    SELECT MAX(a.seq) AS seq
    FROM JSON_TABLE(in_findings, '$[*]' COLUMNS (
           fingerprint VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.fingerprint',
           first_at    DATETIME(3) PATH '$.firstAt',
           last_at     DATETIME(3) PATH '$.lastAt')) AS item
    JOIN alerts AS a ON a.fingerprint = item.fingerprint AND a.resolution = 'recovered'
    LEFT JOIN alerts AS active ON active.active_fingerprint = item.fingerprint
    WHERE active.seq IS NULL AND a.recovers_at > item.first_at AND a.resolved_at >= a.recovers_at
      AND TIMESTAMPADD(MICROSECOND, TIMESTAMPDIFF(MICROSECOND, a.last_seen_at, a.recovers_at), item.last_at) > a.first_seen_at
    GROUP BY item.fingerprint
  ) AS episode;
  IF JSON_LENGTH(v_again) > 0 THEN
    UPDATE alerts AS a
    JOIN JSON_TABLE(v_again, '$[*]' COLUMNS (seq BIGINT PATH '$')) AS item ON item.seq = a.seq
    SET a.status = CASE WHEN a.acknowledged_at IS NULL THEN 'open' ELSE 'acknowledged' END,
        a.resolved_at = NULL, a.resolved_by = NULL, a.resolution = NULL, a.announced_severity = 0;
  END IF;

  -- Evidence first: the conditions look at the old count and the old time.
  INSERT INTO alerts (id, fingerprint, rule, family, severity, status, user_id, first_seen_at, last_seen_at, count_mode,
                      event_count, evidence, recovers_at, raised_at)
  SELECT item.id, item.fingerprint, item.rule, item.family, item.severity, 'open', item.user_id, item.first_at,
         item.last_at, item.count_mode, item.event_count, item.evidence, item.recovers_at, in_now
  FROM JSON_TABLE(in_findings, '$[*]' COLUMNS (
         id          CHAR(36) CHARACTER SET ascii PATH '$.id',
         fingerprint VARCHAR(255) CHARACTER SET utf8mb4 PATH '$.fingerprint',
         rule        VARCHAR(64) CHARACTER SET ascii PATH '$.rule',
         family      VARCHAR(16) CHARACTER SET ascii PATH '$.family',
         severity    TINYINT PATH '$.severity',
         user_id     VARCHAR(128) CHARACTER SET ascii PATH '$.userId',
         first_at    DATETIME(3) PATH '$.firstAt',
         last_at     DATETIME(3) PATH '$.lastAt',
         count_mode  VARCHAR(8) CHARACTER SET ascii PATH '$.countMode',
         event_count BIGINT PATH '$.count',
         evidence    MEDIUMTEXT CHARACTER SET utf8mb4 PATH '$.evidence',
         recovers_at DATETIME(3) PATH '$.recoversAt')) AS item
  ORDER BY item.fingerprint
  ON DUPLICATE KEY UPDATE
    evidence = CASE WHEN (alerts.count_mode = 'peak' AND VALUES(event_count) >= alerts.event_count)
                      OR (alerts.count_mode <> 'peak' AND VALUES(last_seen_at) >= alerts.last_seen_at)
                    THEN VALUES(evidence) ELSE alerts.evidence END,
    event_count = CASE WHEN alerts.count_mode = 'peak' THEN GREATEST(alerts.event_count, VALUES(event_count))
                       ELSE alerts.event_count + VALUES(event_count) END,
    severity = GREATEST(alerts.severity, VALUES(severity)),
    recovers_at = CASE WHEN alerts.recovers_at IS NULL OR VALUES(recovers_at) IS NULL THEN VALUES(recovers_at)
                       ELSE GREATEST(alerts.recovers_at, VALUES(recovers_at)) END,
    first_seen_at = LEAST(alerts.first_seen_at, VALUES(first_seen_at)),
    last_seen_at = GREATEST(alerts.last_seen_at, VALUES(last_seen_at));

  SELECT COALESCE(JSON_ARRAYAGG(a.seq), JSON_ARRAY()) INTO v_news
  FROM JSON_TABLE(in_findings, '$[*]' COLUMNS (
         fingerprint VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.fingerprint',
         tell_again  INT PATH '$.tellAgain')) AS item
  JOIN alerts AS a ON a.active_fingerprint = item.fingerprint
  WHERE a.announced_severity < a.severity OR item.tell_again = 1;
  IF JSON_LENGTH(v_news) > 0 THEN
    CALL TellAlerts(v_news, 'raised', in_now);
  END IF;

  SELECT a.fingerprint, a.id, CASE WHEN a.id = item.id THEN 1 ELSE 0 END AS opened
  FROM JSON_TABLE(in_findings, '$[*]' COLUMNS (
         id          CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id',
         fingerprint VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.fingerprint')) AS item
  JOIN alerts AS a ON a.active_fingerprint = item.fingerprint;

  UPDATE alerts AS a
  JOIN JSON_TABLE(in_findings, '$[*]' COLUMNS (
         fingerprint VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.fingerprint')) AS item
    ON a.active_fingerprint = item.fingerprint
  SET a.announced_severity = a.severity
  WHERE a.announced_severity < a.severity;
END
