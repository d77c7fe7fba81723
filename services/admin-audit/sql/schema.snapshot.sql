-- Dumped from MariaDB. Made by dumpSchema; do not edit.

CREATE TABLE `admin_operation_logs` (
  `seq` bigint(20) NOT NULL,
  `action_id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `service` varchar(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `actor` varchar(255) NOT NULL,
  `roles_json` varchar(1000) NOT NULL,
  `action` varchar(64) NOT NULL,
  `target` varchar(255) NOT NULL,
  `outcome` varchar(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `reason` varchar(1000) NOT NULL,
  `before_json` mediumtext DEFAULT NULL,
  `after_json` mediumtext DEFAULT NULL,
  `ip` varchar(64) NOT NULL,
  `user_agent` varchar(512) NOT NULL,
  `request_id` varchar(128) NOT NULL,
  `trace_id` varchar(64) NOT NULL,
  `occurred_at` datetime(3) NOT NULL,
  `recorded_at` datetime(3) NOT NULL,
  `prev_hash` char(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `hash` char(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  PRIMARY KEY (`seq`),
  UNIQUE KEY `admin_operation_logs_action_id` (`action_id`),
  KEY `admin_operation_logs_actor` (`actor`,`seq`),
  KEY `admin_operation_logs_target` (`target`,`seq`),
  KEY `admin_operation_logs_action` (`action`,`seq`),
  KEY `admin_operation_logs_ip` (`ip`,`seq`),
  KEY `admin_operation_logs_occurred_at` (`occurred_at`),
  CONSTRAINT `admin_operation_logs_outcome` CHECK (`outcome` in ('succeeded','refused'))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `audit_archive_cuts` (
  `seq` bigint(20) NOT NULL,
  `hash` char(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `file` varchar(255) NOT NULL,
  `recorded_at` datetime(3) NOT NULL,
  PRIMARY KEY (`seq`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `audit_chain_head` (
  `id` tinyint(4) NOT NULL,
  `seq` bigint(20) NOT NULL,
  `hash` char(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  PRIMARY KEY (`id`),
  CONSTRAINT `audit_chain_head_single` CHECK (`id` = 1)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `inbox` (
  `consumer` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `event_id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `received_at` datetime(3) NOT NULL,
  `claim` bigint(20) unsigned NOT NULL,
  PRIMARY KEY (`consumer`,`event_id`),
  KEY `inbox_received` (`received_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `outbox` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `event_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `topic` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `type` varchar(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `subject` varchar(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `occurred_at` datetime(3) NOT NULL,
  `payload` longtext NOT NULL CHECK (json_valid(`payload`)),
  `traceparent` varchar(64) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `attempts` int(11) NOT NULL DEFAULT 0,
  `last_error` varchar(500) DEFAULT NULL,
  `published_at` datetime(3) DEFAULT NULL,
  `events` int(11) NOT NULL DEFAULT 1,
  PRIMARY KEY (`id`),
  KEY `outbox_unpublished` (`published_at`,`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `outbox_failures` (
  `outbox_id` bigint(20) NOT NULL,
  `topic` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `subject` varchar(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `failed_at` datetime(3) NOT NULL,
  PRIMARY KEY (`outbox_id`),
  KEY `outbox_failures_subject` (`topic`,`subject`,`outbox_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `outbox_parked` (
  `outbox_id` bigint(20) NOT NULL,
  `place` int(11) NOT NULL,
  `topic` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `subject` varchar(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `state` varchar(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `error` varchar(500) DEFAULT NULL,
  `parked_at` datetime(3) NOT NULL,
  PRIMARY KEY (`outbox_id`,`place`),
  KEY `outbox_parked_subject` (`topic`,`subject`,`outbox_id`,`place`),
  KEY `outbox_parked_state` (`state`,`outbox_id`,`place`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `schema_migrations` (
  `source` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `name` varchar(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `checksum` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `statements_done` int(11) NOT NULL,
  `statements` int(11) NOT NULL,
  `done_checksum` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `applied_at` datetime(3) NOT NULL,
  PRIMARY KEY (`source`,`name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `schema_routines` (
  `kind` varchar(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `name` varchar(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `source` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `checksum` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `applied_at` datetime(3) NOT NULL,
  PRIMARY KEY (`kind`,`name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE SQL SECURITY DEFINER VIEW `admin_operation_log_entries` AS select `admin_operation_logs`.`seq` AS `seq`,`admin_operation_logs`.`action_id` AS `action_id`,`admin_operation_logs`.`service` AS `service`,`admin_operation_logs`.`actor` AS `actor`,`admin_operation_logs`.`roles_json` AS `roles_json`,`admin_operation_logs`.`action` AS `action`,`admin_operation_logs`.`target` AS `target`,`admin_operation_logs`.`outcome` AS `outcome`,`admin_operation_logs`.`reason` AS `reason`,`admin_operation_logs`.`before_json` AS `before_json`,`admin_operation_logs`.`after_json` AS `after_json`,`admin_operation_logs`.`ip` AS `ip`,`admin_operation_logs`.`user_agent` AS `user_agent`,`admin_operation_logs`.`request_id` AS `request_id`,`admin_operation_logs`.`trace_id` AS `trace_id`,`admin_operation_logs`.`occurred_at` AS `occurred_at`,`admin_operation_logs`.`recorded_at` AS `recorded_at`,`admin_operation_logs`.`prev_hash` AS `prev_hash`,`admin_operation_logs`.`hash` AS `hash` from `admin_operation_logs`;

CREATE SQL SECURITY DEFINER VIEW `audit_archive_cut` AS select `audit_archive_cuts`.`seq` AS `seq`,`audit_archive_cuts`.`hash` AS `hash`,`audit_archive_cuts`.`file` AS `file`,`audit_archive_cuts`.`recorded_at` AS `recorded_at` from `audit_archive_cuts` order by `audit_archive_cuts`.`seq` desc limit 1;

CREATE SQL SECURITY DEFINER VIEW `audit_chain_state` AS select `audit_chain_head`.`seq` AS `seq`,`audit_chain_head`.`hash` AS `hash` from `audit_chain_head` where `audit_chain_head`.`id` = 1;

CREATE SQL SECURITY DEFINER VIEW `outbox_event` AS select `outbox`.`id` AS `id`,1 AS `place`,`outbox`.`event_id` AS `event_id`,`outbox`.`topic` AS `topic`,`outbox`.`type` AS `type`,`outbox`.`subject` AS `subject`,`outbox`.`occurred_at` AS `occurred_at`,`outbox`.`traceparent` AS `traceparent`,`outbox`.`published_at` AS `published_at`,`outbox`.`payload` AS `payload` from `outbox`;

CREATE SQL SECURITY DEFINER VIEW `schema_version` AS select 'migration' AS `kind`,`schema_migrations`.`source` AS `source`,`schema_migrations`.`name` AS `name`,`schema_migrations`.`checksum` AS `checksum`,`schema_migrations`.`applied_at` AS `applied_at` from `schema_migrations` union all select `schema_routines`.`kind` AS `kind`,`schema_routines`.`source` AS `source`,`schema_routines`.`name` AS `name`,`schema_routines`.`checksum` AS `checksum`,`schema_routines`.`applied_at` AS `applied_at` from `schema_routines`;

CREATE PROCEDURE `AppendAuditLog`(IN in_rows JSON, IN in_now DATETIME(3))
    MODIFIES SQL DATA
BEGIN
  DECLARE v_seq BIGINT;
  DECLARE v_hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin;
  DECLARE v_new_seq BIGINT;
  DECLARE v_new_hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin;
  DECLARE v_broken INT;

  SELECT seq, hash INTO v_seq, v_hash FROM audit_chain_head WHERE id = 1 FOR UPDATE;

  -- The hashes themselves are the caller's work; that the rows hang together is checked here once more, because a
  -- wrong row can never be taken out again.
  SELECT COUNT(*) INTO v_broken
  FROM (
    SELECT item.ordinal, item.seq, item.prev_hash,
           COALESCE(LAG(item.hash) OVER (ORDER BY item.ordinal), v_hash) AS expected_prev_hash
    FROM JSON_TABLE(in_rows, '$[*]' COLUMNS (
           ordinal   FOR ORDINALITY,
           seq       BIGINT PATH '$.seq',
           prev_hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.prevHash',
           hash      CHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.hash')) AS item
  ) AS links
  WHERE links.seq <> v_seq + links.ordinal OR links.prev_hash <> links.expected_prev_hash
     OR links.seq IS NULL OR links.prev_hash IS NULL;
  IF v_broken > 0 THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'audit_chain_broken';
  END IF;

  INSERT INTO admin_operation_logs (seq, action_id, service, actor, roles_json, action, target, outcome, reason,
      before_json, after_json, ip, user_agent, request_id, trace_id, occurred_at, recorded_at, prev_hash, hash)
  SELECT item.seq, item.action_id, item.service, item.actor, item.roles_json, item.action, item.target, item.outcome,
         item.reason, item.before_json, item.after_json, item.ip, item.user_agent, item.request_id, item.trace_id,
         item.occurred_at, in_now, item.prev_hash, item.hash
  FROM JSON_TABLE(in_rows, '$[*]' COLUMNS (
         seq         BIGINT PATH '$.seq',
         action_id   VARCHAR(64) CHARACTER SET ascii PATH '$.actionId',
         service     VARCHAR(32) CHARACTER SET ascii PATH '$.service',
         actor       VARCHAR(255) CHARACTER SET utf8mb4 PATH '$.actor',
         roles_json  VARCHAR(1000) CHARACTER SET utf8mb4 PATH '$.rolesJson',
         action      VARCHAR(64) CHARACTER SET utf8mb4 PATH '$.action',
         target      VARCHAR(255) CHARACTER SET utf8mb4 PATH '$.target',
         outcome     VARCHAR(16) CHARACTER SET ascii PATH '$.outcome',
         reason      VARCHAR(1000) CHARACTER SET utf8mb4 PATH '$.reason',
         before_json MEDIUMTEXT CHARACTER SET utf8mb4 PATH '$.beforeJson',
         after_json  MEDIUMTEXT CHARACTER SET utf8mb4 PATH '$.afterJson',
         ip          VARCHAR(64) CHARACTER SET utf8mb4 PATH '$.ip',
         user_agent  VARCHAR(512) CHARACTER SET utf8mb4 PATH '$.userAgent',
         request_id  VARCHAR(128) CHARACTER SET utf8mb4 PATH '$.requestId',
         trace_id    VARCHAR(64) CHARACTER SET utf8mb4 PATH '$.traceId',
         occurred_at DATETIME(3) PATH '$.occurredAt',
         prev_hash   CHAR(64) CHARACTER SET ascii PATH '$.prevHash',
         hash        CHAR(64) CHARACTER SET ascii PATH '$.hash')) AS item;

  SELECT item.seq, item.hash INTO v_new_seq, v_new_hash
  FROM JSON_TABLE(in_rows, '$[*]' COLUMNS (
         seq  BIGINT PATH '$.seq',
         hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.hash')) AS item
  ORDER BY item.seq DESC LIMIT 1;

  UPDATE audit_chain_head SET seq = v_new_seq, hash = v_new_hash WHERE id = 1;

  -- The anchor: published outside the database in the order of the appends.
  INSERT INTO outbox (event_id, topic, type, subject, occurred_at, payload)
  VALUES (UUID(), 'audit.v1', 'stipend.audit.v1.ChainHeadAnchored', 'head', in_now,
          JSON_OBJECT('seq', v_new_seq, 'hash', v_new_hash,
                      'anchoredAt', DATE_FORMAT(in_now, '%Y-%m-%dT%H:%i:%s.%fZ')));

  SELECT v_new_seq AS seq, v_new_hash AS hash;
END;

CREATE PROCEDURE `InboxPurge`(IN in_before DATETIME(3), IN in_limit INT)
    MODIFIES SQL DATA
BEGIN
  DECLARE v_limit INT DEFAULT LEAST(GREATEST(in_limit, 1), 5000);
  DELETE FROM inbox WHERE received_at < in_before ORDER BY received_at LIMIT v_limit;
  SELECT ROW_COUNT() AS purged;
END;

CREATE PROCEDURE `InboxRecord`(IN in_consumer VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin, IN in_events JSON, IN in_now DATETIME(3))
    MODIFIES SQL DATA
BEGIN
  DECLARE v_claim BIGINT UNSIGNED DEFAULT UUID_SHORT();
  INSERT INTO inbox (consumer, event_id, received_at, claim)
  SELECT DISTINCT in_consumer, j.event_id, in_now, v_claim
    FROM JSON_TABLE(in_events, '$[*]' COLUMNS (
           event_id VARCHAR(200) CHARACTER SET ascii COLLATE ascii_bin PATH '$' ERROR ON ERROR
         )) j
   ORDER BY j.event_id
  ON DUPLICATE KEY UPDATE received_at = inbox.received_at;
  SELECT i.event_id
    FROM JSON_TABLE(in_events, '$[*]' COLUMNS (
           event_id VARCHAR(200) CHARACTER SET ascii COLLATE ascii_bin PATH '$' ERROR ON ERROR
         )) j
    JOIN inbox i ON i.consumer = in_consumer AND i.event_id = j.event_id
   WHERE i.claim = v_claim;
END;

CREATE PROCEDURE `LockAuditChain`(IN in_action_ids JSON)
    MODIFIES SQL DATA
BEGIN
  DECLARE v_seq BIGINT DEFAULT NULL;
  DECLARE v_hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL;

  SELECT seq, hash INTO v_seq, v_hash FROM audit_chain_head WHERE id = 1 FOR UPDATE;
  IF v_seq IS NULL THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'audit_chain_head_missing';
  END IF;

  SELECT v_seq AS seq, v_hash AS hash;

  SELECT known.action_id
  FROM JSON_TABLE(in_action_ids, '$[*]' COLUMNS (
         action_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$')) AS wanted
  JOIN admin_operation_logs AS known ON known.action_id = wanted.action_id;
END;

CREATE PROCEDURE `OutboxFailedEvents`(IN in_limit INT)
    READS SQL DATA
BEGIN
  DECLARE v_limit INT DEFAULT LEAST(GREATEST(in_limit, 1), 500);
  SELECT e.id, e.place, e.event_id, e.topic, e.type, e.subject, e.occurred_at, e.payload, f.error, f.parked_at
    FROM (
      SELECT p.outbox_id, p.place, p.error, p.parked_at
        FROM outbox_parked p FORCE INDEX (outbox_parked_state)
       WHERE p.state = 'failed'
       ORDER BY p.outbox_id, p.place
       LIMIT v_limit
    ) f
    STRAIGHT_JOIN outbox_event e ON e.id = f.outbox_id AND e.place = f.place
   ORDER BY e.id, e.place;
END;

CREATE PROCEDURE `OutboxFreed`(IN in_limit INT)
    MODIFIES SQL DATA
BEGIN
  DECLARE v_limit INT DEFAULT LEAST(GREATEST(in_limit, 1), 500);
  DELETE p
    FROM (
      -- DISTINCT, so that it is a table of its own: the rows to remove may not be read while they are removed.
      SELECT DISTINCT g.outbox_id, g.place
        FROM outbox_parked g FORCE INDEX (outbox_parked_state)
       WHERE g.state = 'given_up'
         AND COALESCE((SELECT first_parked.state
                         FROM outbox_parked first_parked FORCE INDEX (outbox_parked_subject)
                        WHERE first_parked.topic = g.topic AND first_parked.subject = g.subject AND first_parked.state <> 'given_up'
                        ORDER BY first_parked.outbox_id, first_parked.place LIMIT 1), 'none') <> 'waiting'
    ) done
    STRAIGHT_JOIN outbox_parked p FORCE INDEX (PRIMARY) ON p.outbox_id = done.outbox_id AND p.place = done.place;

  WITH page AS (
    SELECT p.outbox_id, p.place, p.error
      FROM (SELECT DISTINCT topic, subject FROM outbox_parked FORCE INDEX (outbox_parked_state) WHERE state = 'given_up') g
      STRAIGHT_JOIN outbox_parked p FORCE INDEX (outbox_parked_subject) ON p.topic = g.topic AND p.subject = g.subject
     WHERE p.state <> 'given_up'
     ORDER BY p.outbox_id, p.place
     LIMIT v_limit
  )
  SELECT e.id, e.place, e.event_id, e.topic, e.type, e.subject, e.occurred_at, e.payload, e.traceparent, page.error
    FROM (SELECT DISTINCT outbox_id FROM page) named
    STRAIGHT_JOIN outbox_event e ON e.id = named.outbox_id
    STRAIGHT_JOIN page ON page.outbox_id = e.id AND page.place = e.place
   ORDER BY e.id, e.place;
END;

CREATE PROCEDURE `OutboxGiveUp`(IN in_id BIGINT, IN in_place INT)
    MODIFIES SQL DATA
BEGIN
  UPDATE outbox_parked p STRAIGHT_JOIN outbox o ON o.id = p.outbox_id
     SET o.last_error = LEFT(CONCAT('event ', p.place, ' given up: ', p.error), 500)
   WHERE p.outbox_id = in_id AND p.place = in_place AND p.state = 'failed';
  UPDATE outbox_parked SET state = 'given_up' WHERE outbox_id = in_id AND place = in_place AND state = 'failed';
  SELECT ROW_COUNT() AS given_up;
END;

CREATE PROCEDURE `OutboxNext`(IN in_limit INT)
    READS SQL DATA
BEGIN
  DECLARE v_limit INT DEFAULT LEAST(GREATEST(in_limit, 1), 500);
  SELECT e.id, e.place, e.event_id, e.topic, e.type, e.subject, e.occurred_at, e.payload, e.traceparent,
         EXISTS (
           SELECT 1
             FROM outbox_parked p FORCE INDEX (outbox_parked_subject)
            WHERE p.topic = e.topic AND p.subject = e.subject AND p.outbox_id <= e.id
         ) AS parked
    FROM (
      SELECT counted.id
        FROM (
          SELECT w.id, SUM(w.events) OVER (ORDER BY w.id ROWS UNBOUNDED PRECEDING) - w.events AS earlier
            FROM (
              SELECT o.id, o.events
                FROM outbox o FORCE INDEX (outbox_unpublished)
               WHERE o.published_at IS NULL
               ORDER BY o.id
               LIMIT v_limit
            ) w
        ) counted
       WHERE counted.earlier < v_limit
    ) chosen
    STRAIGHT_JOIN outbox_event e ON e.id = chosen.id
   ORDER BY e.id, e.place;
END;

CREATE PROCEDURE `OutboxPark`(IN in_events JSON, IN in_now DATETIME(3))
    MODIFIES SQL DATA
BEGIN
  INSERT INTO outbox_parked (outbox_id, place, topic, subject, state, error, parked_at)
  SELECT j.id, j.place, j.topic, j.subject, CASE WHEN j.error IS NULL THEN 'waiting' ELSE 'failed' END, j.error, in_now
    FROM JSON_TABLE(in_events, '$[*]' COLUMNS (
           id BIGINT PATH '$.id',
           place INT PATH '$.place',
           topic VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.topic',
           subject VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.subject',
           error VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.error'
         )) j
  ON DUPLICATE KEY UPDATE outbox_id = outbox_parked.outbox_id;
END;

CREATE PROCEDURE `OutboxParked`(IN in_after_id BIGINT, IN in_after_place INT, IN in_limit INT)
    READS SQL DATA
BEGIN
  DECLARE v_limit INT DEFAULT LEAST(GREATEST(in_limit, 1), 500);
  WITH page AS (
    SELECT p.outbox_id, p.place, p.error
      FROM outbox_parked p FORCE INDEX (PRIMARY)
     WHERE p.outbox_id >= in_after_id AND (p.outbox_id > in_after_id OR p.place > in_after_place)
       AND p.state <> 'given_up'
     ORDER BY p.outbox_id, p.place
     LIMIT v_limit
  )
  SELECT e.id, e.place, e.event_id, e.topic, e.type, e.subject, e.occurred_at, e.payload, e.traceparent, page.error
    -- Each row is unfolded once, however many of its events are parked.
    FROM (SELECT DISTINCT outbox_id FROM page) named
    STRAIGHT_JOIN outbox_event e ON e.id = named.outbox_id
    STRAIGHT_JOIN page ON page.outbox_id = e.id AND page.place = e.place
   ORDER BY e.id, e.place;
END;

CREATE PROCEDURE `OutboxPublished`(IN in_ids JSON, IN in_now DATETIME(3))
    MODIFIES SQL DATA
BEGIN
  UPDATE outbox o
    JOIN JSON_TABLE(in_ids, '$[*]' COLUMNS (id BIGINT PATH '$')) j ON j.id = o.id
     SET o.published_at = in_now
   WHERE o.published_at IS NULL;
  SELECT ROW_COUNT() AS marked;
END;

CREATE PROCEDURE `OutboxPurge`(IN in_before DATETIME(3), IN in_limit INT)
    MODIFIES SQL DATA
BEGIN
  DECLARE v_limit INT DEFAULT LEAST(GREATEST(in_limit, 1), 5000);
  DELETE FROM outbox
   WHERE published_at < in_before
     AND NOT EXISTS (SELECT 1 FROM outbox_parked p WHERE p.outbox_id = outbox.id)
   ORDER BY published_at, id
   LIMIT v_limit;
  SELECT ROW_COUNT() AS purged;
END;

CREATE PROCEDURE `OutboxRetried`(IN in_sent JSON, IN in_failed JSON)
    MODIFIES SQL DATA
BEGIN
  DELETE p
    FROM JSON_TABLE(in_sent, '$[*]' COLUMNS (id BIGINT PATH '$[0]', place INT PATH '$[1]')) j
    STRAIGHT_JOIN outbox_parked p FORCE INDEX (PRIMARY) ON p.outbox_id = j.id AND p.place = j.place;
  UPDATE JSON_TABLE(in_failed, '$[*]' COLUMNS (
           id BIGINT PATH '$.id',
           place INT PATH '$.place',
           error VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.error'
         )) j
    STRAIGHT_JOIN outbox_parked p FORCE INDEX (PRIMARY) ON p.outbox_id = j.id AND p.place = j.place
     SET p.state = 'failed', p.error = COALESCE(j.error, '')
   WHERE p.state <> 'given_up';
END;

CREATE PROCEDURE `OutboxStats`()
    READS SQL DATA
BEGIN
  DECLARE v_unpublished, v_failed, v_waiting, v_given_up BIGINT DEFAULT 0;
  DECLARE v_first, v_first_parked DATETIME(3);
  -- Never SET v = (SELECT …): MySQL 9.7 locks what that reads, and the relay that marks a row would meet a deadlock.
  SELECT COALESCE(SUM(w.events), 0) INTO v_unpublished
    FROM (SELECT events FROM outbox WHERE published_at IS NULL LIMIT 10000) w;
  SELECT COUNT(*) INTO v_failed
    FROM (SELECT 1 FROM outbox_parked FORCE INDEX (outbox_parked_state) WHERE state = 'failed' LIMIT 10000) f;
  SELECT COUNT(*) INTO v_waiting
    FROM (SELECT 1 FROM outbox_parked FORCE INDEX (outbox_parked_state) WHERE state = 'waiting' LIMIT 10000) w;
  SELECT COUNT(*) INTO v_given_up
    FROM outbox_parked FORCE INDEX (outbox_parked_state) WHERE state = 'given_up';
  SELECT MIN(f.occurred_at) INTO v_first
    FROM (SELECT occurred_at FROM outbox WHERE published_at IS NULL ORDER BY id LIMIT 1) f;
  SELECT MIN(f.occurred_at) INTO v_first_parked
    FROM (SELECT o.occurred_at
            FROM outbox_parked p FORCE INDEX (PRIMARY)
            STRAIGHT_JOIN outbox o FORCE INDEX (PRIMARY) ON o.id = p.outbox_id
           WHERE p.state <> 'given_up'
           ORDER BY p.outbox_id, p.place LIMIT 1) f;
  SELECT v_unpublished + v_failed + v_waiting AS pending,
         LEAST(COALESCE(v_first, v_first_parked), COALESCE(v_first_parked, v_first)) AS oldest_at,
         v_failed AS failed, v_waiting AS waiting, v_given_up AS given_up;
END;

CREATE TRIGGER admin_operation_logs_no_delete BEFORE DELETE ON admin_operation_logs FOR EACH ROW
BEGIN
  IF OLD.seq > COALESCE((SELECT MAX(seq) FROM audit_archive_cuts), 0) THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'admin_operation_logs is append-only: DELETE refused';
  END IF;
END;

CREATE TRIGGER admin_operation_logs_no_update BEFORE UPDATE ON admin_operation_logs FOR EACH ROW
  SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'admin_operation_logs is append-only: UPDATE refused';
