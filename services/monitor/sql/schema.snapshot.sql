-- Dumped from MariaDB. Made by dumpSchema; do not edit.

CREATE TABLE `account_checks` (
  `user_id` varchar(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `checked_at` datetime(3) NOT NULL,
  `result` varchar(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `lagging_since` datetime(3) DEFAULT NULL,
  `credits_version` bigint(20) NOT NULL,
  `credits_balance` bigint(20) NOT NULL,
  `credits_held` bigint(20) NOT NULL,
  `view_version` bigint(20) DEFAULT NULL,
  `view_balance` bigint(20) DEFAULT NULL,
  `view_held` bigint(20) DEFAULT NULL,
  `problems` text DEFAULT NULL,
  `repair` text DEFAULT NULL,
  PRIMARY KEY (`user_id`),
  KEY `account_checks_checked_at` (`checked_at`),
  KEY `account_checks_result` (`result`),
  CONSTRAINT `account_checks_known_result` CHECK (`result` in ('equal','lagging','different'))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `accounts` (
  `user_id` varchar(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `version` bigint(20) NOT NULL DEFAULT 0,
  `missing` text DEFAULT NULL,
  `gap_since` datetime(3) DEFAULT NULL,
  `balance` bigint(20) NOT NULL DEFAULT 0,
  `held` bigint(20) NOT NULL DEFAULT 0,
  `account_status` varchar(16) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `credits_at` datetime(3) DEFAULT NULL,
  `membership_version` bigint(20) NOT NULL DEFAULT 0,
  `membership_status` varchar(16) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `tier` varchar(64) DEFAULT NULL,
  `period_end` datetime(3) DEFAULT NULL,
  `ends_at` datetime(3) DEFAULT NULL,
  `inspect_at` datetime(3) DEFAULT NULL,
  PRIMARY KEY (`user_id`),
  KEY `accounts_gap_since` (`gap_since`),
  KEY `accounts_membership` (`membership_status`,`tier`),
  KEY `accounts_inspect_at` (`inspect_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `alert_changes` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `alert_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `change_kind` varchar(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `severity` tinyint(4) NOT NULL,
  `family` varchar(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `alert` longtext NOT NULL CHECK (json_valid(`alert`)),
  `at` datetime(3) NOT NULL,
  `routed_at` datetime(3) DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `alert_changes_routed_at` (`routed_at`,`id`),
  KEY `alert_changes_alert` (`alert_id`,`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `alerts` (
  `seq` bigint(20) NOT NULL AUTO_INCREMENT,
  `id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `fingerprint` varchar(255) NOT NULL,
  `rule` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `family` varchar(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `severity` tinyint(4) NOT NULL,
  `announced_severity` tinyint(4) NOT NULL DEFAULT 0,
  `status` varchar(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `user_id` varchar(128) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `first_seen_at` datetime(3) NOT NULL,
  `last_seen_at` datetime(3) NOT NULL,
  `count_mode` varchar(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `event_count` bigint(20) NOT NULL,
  `evidence` longtext NOT NULL CHECK (json_valid(`evidence`)),
  `recovers_at` datetime(3) DEFAULT NULL,
  `raised_at` datetime(3) NOT NULL,
  `acknowledged_at` datetime(3) DEFAULT NULL,
  `acknowledged_by` varchar(255) DEFAULT NULL,
  `resolved_at` datetime(3) DEFAULT NULL,
  `resolved_by` varchar(255) DEFAULT NULL,
  `resolution` varchar(16) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `note` varchar(1000) DEFAULT NULL,
  `active_fingerprint` varchar(255) GENERATED ALWAYS AS (case when `status` = 'resolved' then NULL else `fingerprint` end) STORED,
  PRIMARY KEY (`seq`),
  UNIQUE KEY `alerts_id` (`id`),
  UNIQUE KEY `alerts_active_fingerprint` (`active_fingerprint`),
  KEY `alerts_fingerprint` (`fingerprint`,`seq`),
  KEY `alerts_user` (`user_id`,`seq`),
  KEY `alerts_status` (`status`,`seq`),
  KEY `alerts_family` (`family`,`seq`),
  KEY `alerts_recovers_at` (`status`,`recovers_at`),
  CONSTRAINT `alerts_known_status` CHECK (`status` in ('open','acknowledged','resolved')),
  CONSTRAINT `alerts_known_severity` CHECK (`severity` between 1 and 3)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `consistency_progress` (
  `id` tinyint(4) NOT NULL,
  `after_user_id` varchar(128) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `pass_started_at` datetime(3) DEFAULT NULL,
  `pass_checked` bigint(20) NOT NULL DEFAULT 0,
  `last_started_at` datetime(3) DEFAULT NULL,
  `last_finished_at` datetime(3) DEFAULT NULL,
  `last_checked` bigint(20) DEFAULT NULL,
  `passes` bigint(20) NOT NULL DEFAULT 0,
  PRIMARY KEY (`id`),
  CONSTRAINT `consistency_progress_single` CHECK (`id` = 1)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `daily_totals` (
  `day` date NOT NULL,
  `kind` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `events` bigint(20) NOT NULL,
  `amount` bigint(20) NOT NULL,
  PRIMARY KEY (`day`,`kind`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `deliveries` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `delivery_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `channel` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `dedupe_key` varchar(96) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `status` varchar(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `attempts` int(11) NOT NULL DEFAULT 0,
  `next_at` datetime(3) NOT NULL,
  `last_error` varchar(500) DEFAULT NULL,
  `created_at` datetime(3) NOT NULL,
  `finished_at` datetime(3) DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `deliveries_delivery_id` (`delivery_id`),
  UNIQUE KEY `deliveries_once` (`channel`,`dedupe_key`),
  KEY `deliveries_due` (`status`,`next_at`),
  KEY `deliveries_created_at` (`created_at`),
  CONSTRAINT `deliveries_known_status` CHECK (`status` in ('waiting','sent','failed'))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `delivery_items` (
  `delivery_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `change_id` bigint(20) NOT NULL,
  PRIMARY KEY (`delivery_id`,`change_id`),
  KEY `delivery_items_change` (`change_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `expectations` (
  `rule` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `expectation_key` varchar(190) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `user_id` varchar(128) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `at` datetime(3) NOT NULL,
  `due_at` datetime(3) DEFAULT NULL,
  `met_at` datetime(3) DEFAULT NULL,
  `told_at` datetime(3) DEFAULT NULL,
  `evidence` longtext DEFAULT NULL CHECK (json_valid(`evidence`)),
  PRIMARY KEY (`rule`,`expectation_key`),
  KEY `expectations_due_at` (`due_at`),
  KEY `expectations_at` (`at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `inbox` (
  `consumer` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `event_id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `received_at` datetime(3) NOT NULL,
  `claim` bigint(20) unsigned NOT NULL,
  PRIMARY KEY (`consumer`,`event_id`),
  KEY `inbox_received` (`received_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `known_values` (
  `rule` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `subject` varchar(255) NOT NULL,
  `facet` varchar(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `value` varchar(255) NOT NULL,
  `first_at` datetime(3) NOT NULL,
  `last_at` datetime(3) NOT NULL,
  `told_at` datetime(3) DEFAULT NULL,
  PRIMARY KEY (`rule`,`subject`,`facet`,`value`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `member_allowances` (
  `user_id` varchar(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `version` bigint(20) NOT NULL,
  `at` datetime(3) NOT NULL,
  `fact` longtext NOT NULL CHECK (json_valid(`fact`)),
  PRIMARY KEY (`user_id`,`version`),
  KEY `member_allowances_at` (`at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `member_terms` (
  `user_id` varchar(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `version` bigint(20) NOT NULL,
  `at` datetime(3) NOT NULL,
  `fact` longtext NOT NULL CHECK (json_valid(`fact`)),
  PRIMARY KEY (`user_id`,`version`),
  KEY `member_terms_at` (`at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `observations` (
  `rule` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `subject` varchar(255) NOT NULL,
  `at_ms` bigint(20) NOT NULL,
  `event_id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `amount` bigint(20) NOT NULL,
  `recorded_at` datetime(3) NOT NULL,
  PRIMARY KEY (`rule`,`subject`,`at_ms`,`event_id`),
  KEY `observations_recorded_at` (`recorded_at`)
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

CREATE TABLE `signs` (
  `rule` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `subject` varchar(255) NOT NULL,
  `since` datetime(3) NOT NULL,
  `seen_at` datetime(3) NOT NULL,
  `value` bigint(20) NOT NULL,
  PRIMARY KEY (`rule`,`subject`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `stream_progress` (
  `topic` varchar(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `partition_no` int(11) NOT NULL,
  `last_offset` bigint(20) NOT NULL,
  `events` bigint(20) NOT NULL,
  `last_event_at` datetime(3) NOT NULL,
  `updated_at` datetime(3) NOT NULL,
  PRIMARY KEY (`topic`,`partition_no`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `tallies` (
  `rule` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `subject` varchar(255) NOT NULL,
  `bucket_ms` bigint(20) NOT NULL,
  `member` varchar(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `events` bigint(20) NOT NULL,
  `amount` bigint(20) NOT NULL,
  `marked` bigint(20) NOT NULL,
  `settle_at` datetime(3) DEFAULT NULL,
  `keep_until` datetime(3) NOT NULL,
  PRIMARY KEY (`rule`,`subject`,`bucket_ms`,`member`),
  KEY `tallies_settle_at` (`settle_at`),
  KEY `tallies_keep_until` (`keep_until`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE SQL SECURITY DEFINER VIEW `account_gaps` AS select `accounts`.`user_id` AS `user_id`,`accounts`.`version` AS `version`,`accounts`.`missing` AS `missing`,`accounts`.`gap_since` AS `gap_since` from `accounts` where `accounts`.`gap_since` is not null;

CREATE SQL SECURITY DEFINER VIEW `account_summary` AS select count(0) AS `known`,cast(coalesce(sum(`accounts`.`balance`),0) as signed) AS `balance`,cast(coalesce(sum(`accounts`.`held`),0) as signed) AS `held`,cast(coalesce(sum(`accounts`.`account_status` = 'frozen'),0) as signed) AS `frozen`,cast(coalesce(sum(`accounts`.`gap_since` is not null),0) as signed) AS `with_gaps` from `accounts`;

CREATE SQL SECURITY DEFINER VIEW `alert_counts` AS select `alerts`.`family` AS `family`,`alerts`.`severity` AS `severity`,`alerts`.`status` AS `status`,count(0) AS `alerts` from `alerts` where `alerts`.`status` in ('open','acknowledged') group by `alerts`.`family`,`alerts`.`severity`,`alerts`.`status`;

CREATE SQL SECURITY DEFINER VIEW `alert_entries` AS select `alerts`.`seq` AS `seq`,`alerts`.`id` AS `id`,`alerts`.`fingerprint` AS `fingerprint`,`alerts`.`rule` AS `rule`,`alerts`.`family` AS `family`,`alerts`.`severity` AS `severity`,`alerts`.`status` AS `status`,`alerts`.`user_id` AS `user_id`,`alerts`.`first_seen_at` AS `first_seen_at`,`alerts`.`last_seen_at` AS `last_seen_at`,`alerts`.`event_count` AS `event_count`,`alerts`.`evidence` AS `evidence`,`alerts`.`recovers_at` AS `recovers_at`,`alerts`.`raised_at` AS `raised_at`,`alerts`.`acknowledged_at` AS `acknowledged_at`,`alerts`.`acknowledged_by` AS `acknowledged_by`,`alerts`.`resolved_at` AS `resolved_at`,`alerts`.`resolved_by` AS `resolved_by`,`alerts`.`resolution` AS `resolution`,`alerts`.`note` AS `note` from `alerts`;

CREATE SQL SECURITY DEFINER VIEW `alert_events` AS select `alerts`.`seq` AS `seq`,coalesce(`alerts`.`user_id`,`alerts`.`rule`) AS `subject`,json_object('id',`alerts`.`id`,'fingerprint',`alerts`.`fingerprint`,'rule',`alerts`.`rule`,'family',`alerts`.`family`,'severity',case `alerts`.`severity` when 1 then 'info' when 2 then 'warning' else 'critical' end,'status',`alerts`.`status`,'userId',coalesce(`alerts`.`user_id`,''),'firstSeenAt',date_format(`alerts`.`first_seen_at`,'%Y-%m-%dT%H:%i:%s.%fZ'),'lastSeenAt',date_format(`alerts`.`last_seen_at`,'%Y-%m-%dT%H:%i:%s.%fZ'),'count',`alerts`.`event_count`,'evidence',cast(`alerts`.`evidence` as char charset utf8mb4 binary)) AS `alert` from `alerts`;

CREATE SQL SECURITY DEFINER VIEW `consistency_entries` AS select `account_checks`.`user_id` AS `user_id`,`account_checks`.`checked_at` AS `checked_at`,`account_checks`.`result` AS `result`,`account_checks`.`lagging_since` AS `lagging_since`,`account_checks`.`credits_version` AS `credits_version`,`account_checks`.`credits_balance` AS `credits_balance`,`account_checks`.`credits_held` AS `credits_held`,`account_checks`.`view_version` AS `view_version`,`account_checks`.`view_balance` AS `view_balance`,`account_checks`.`view_held` AS `view_held`,`account_checks`.`problems` AS `problems`,`account_checks`.`repair` AS `repair` from `account_checks`;

CREATE SQL SECURITY DEFINER VIEW `consistency_state` AS select `consistency_progress`.`after_user_id` AS `after_user_id`,`consistency_progress`.`pass_started_at` AS `pass_started_at`,`consistency_progress`.`pass_checked` AS `pass_checked`,`consistency_progress`.`last_started_at` AS `last_started_at`,`consistency_progress`.`last_finished_at` AS `last_finished_at`,`consistency_progress`.`last_checked` AS `last_checked`,`consistency_progress`.`passes` AS `passes` from `consistency_progress` where `consistency_progress`.`id` = 1;

CREATE SQL SECURITY DEFINER VIEW `consistency_summary` AS select `account_checks`.`result` AS `result`,count(0) AS `accounts`,min(`account_checks`.`checked_at`) AS `oldest_check_at`,min(`account_checks`.`lagging_since`) AS `lagging_since` from `account_checks` group by `account_checks`.`result`;

CREATE SQL SECURITY DEFINER VIEW `day_totals` AS select `daily_totals`.`day` AS `day`,`daily_totals`.`kind` AS `kind`,`daily_totals`.`events` AS `events`,`daily_totals`.`amount` AS `amount` from `daily_totals`;

CREATE SQL SECURITY DEFINER VIEW `delivery_alerts` AS select `c`.`alert_id` AS `alert_id`,`i`.`delivery_id` AS `delivery_id` from (`delivery_items` `i` join `alert_changes` `c` on(`c`.`id` = `i`.`change_id`));

CREATE SQL SECURITY DEFINER VIEW `delivery_log` AS select `d`.`id` AS `id`,`d`.`delivery_id` AS `delivery_id`,`d`.`channel` AS `channel`,`d`.`dedupe_key` AS `dedupe_key`,`d`.`status` AS `status`,`d`.`attempts` AS `attempts`,`d`.`next_at` AS `next_at`,`d`.`last_error` AS `last_error`,`d`.`created_at` AS `created_at`,`d`.`finished_at` AS `finished_at`,(select count(0) from `delivery_items` `i` where `i`.`delivery_id` = `d`.`delivery_id`) AS `changes`,(select min(`c`.`alert_id`) from (`delivery_items` `i` join `alert_changes` `c` on(`c`.`id` = `i`.`change_id`)) where `i`.`delivery_id` = `d`.`delivery_id`) AS `first_alert_id` from `deliveries` `d`;

CREATE SQL SECURITY DEFINER VIEW `inspections_due` AS select `accounts`.`user_id` AS `user_id`,`accounts`.`inspect_at` AS `inspect_at` from `accounts` where `accounts`.`inspect_at` is not null;

CREATE SQL SECURITY DEFINER VIEW `membership_summary` AS select `accounts`.`tier` AS `tier`,`accounts`.`membership_status` AS `membership_status`,count(0) AS `members` from `accounts` where `accounts`.`membership_status` is not null group by `accounts`.`tier`,`accounts`.`membership_status`;

CREATE SQL SECURITY DEFINER VIEW `outbox_event` AS select `outbox`.`id` AS `id`,1 AS `place`,`outbox`.`event_id` AS `event_id`,`outbox`.`topic` AS `topic`,`outbox`.`type` AS `type`,`outbox`.`subject` AS `subject`,`outbox`.`occurred_at` AS `occurred_at`,`outbox`.`traceparent` AS `traceparent`,`outbox`.`published_at` AS `published_at`,`outbox`.`payload` AS `payload` from `outbox`;

CREATE SQL SECURITY DEFINER VIEW `schema_version` AS select 'migration' AS `kind`,`schema_migrations`.`source` AS `source`,`schema_migrations`.`name` AS `name`,`schema_migrations`.`checksum` AS `checksum`,`schema_migrations`.`applied_at` AS `applied_at` from `schema_migrations` union all select `schema_routines`.`kind` AS `kind`,`schema_routines`.`source` AS `source`,`schema_routines`.`name` AS `name`,`schema_routines`.`checksum` AS `checksum`,`schema_routines`.`applied_at` AS `applied_at` from `schema_routines`;

CREATE SQL SECURITY DEFINER VIEW `stream_state` AS select `stream_progress`.`topic` AS `topic`,cast(sum(`stream_progress`.`events`) as signed) AS `events`,max(`stream_progress`.`last_event_at`) AS `last_event_at`,max(`stream_progress`.`updated_at`) AS `updated_at` from `stream_progress` group by `stream_progress`.`topic`;

CREATE SQL SECURITY DEFINER VIEW `tally_members` AS select `tallies`.`rule` AS `rule`,`tallies`.`subject` AS `subject`,`tallies`.`bucket_ms` AS `bucket_ms`,`tallies`.`member` AS `member`,`tallies`.`events` AS `events`,`tallies`.`amount` AS `amount` from `tallies` where `tallies`.`member` <> '';

CREATE PROCEDURE `AdvanceConsistency`(
  IN in_after_user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin,
  IN in_next_user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin,
  IN in_checked INT,
  IN in_now DATETIME(3))
    MODIFIES SQL DATA
BEGIN
  DECLARE v_here INT DEFAULT 0;

  SELECT (after_user_id <=> in_after_user_id) INTO v_here FROM consistency_progress WHERE id = 1 FOR UPDATE;
  IF v_here = 1 THEN
    UPDATE consistency_progress
    SET pass_started_at = CASE WHEN in_after_user_id IS NULL THEN in_now ELSE COALESCE(pass_started_at, in_now) END,
        pass_checked = CASE WHEN in_after_user_id IS NULL THEN in_checked ELSE pass_checked + in_checked END,
        after_user_id = in_next_user_id
    WHERE id = 1;
    IF in_next_user_id IS NULL THEN
      UPDATE consistency_progress
      SET last_started_at = pass_started_at, last_finished_at = in_now, last_checked = pass_checked, passes = passes + 1,
          pass_started_at = NULL, pass_checked = 0
      WHERE id = 1;
    END IF;
  END IF;
  SELECT v_here AS advanced;
END;

CREATE PROCEDURE `ChangeAlerts`(IN in_changes JSON, IN in_now DATETIME(3))
    MODIFIES SQL DATA
BEGIN
  DECLARE v_judged JSON;
  DECLARE v_ended JSON;
  DECLARE v_locked INT;

  SELECT COUNT(*) INTO v_locked
  FROM alerts
  WHERE id IN (SELECT item.alert_id FROM JSON_TABLE(in_changes, '$[*]' COLUMNS (
                 alert_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.alertId')) AS item)
  FOR UPDATE;

  SELECT COALESCE(JSON_ARRAYAGG(JSON_OBJECT('alertId', judged.alert_id, 'outcome', judged.outcome,
                                            'was', judged.was, 'ordinal', judged.ordinal)), JSON_ARRAY())
  INTO v_judged
  FROM (
    SELECT item.ordinal, item.alert_id, a.status AS was,
           CASE WHEN a.seq IS NULL THEN 'not_found'
                WHEN a.status = item.status AND a.status = 'acknowledged' THEN 'unchanged'
                WHEN a.status = 'resolved' THEN 'alert_resolved'
                ELSE 'changed' END AS outcome
    FROM JSON_TABLE(in_changes, '$[*]' COLUMNS (
           ordinal  FOR ORDINALITY,
           alert_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.alertId',
           status   VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.status')) AS item
    LEFT JOIN alerts AS a ON a.id = item.alert_id
  ) AS judged;

  UPDATE alerts AS a
  JOIN JSON_TABLE(in_changes, '$[*]' COLUMNS (
         alert_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.alertId',
         status   VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.status',
         actor    VARCHAR(255) CHARACTER SET utf8mb4 PATH '$.actor',
         reason   VARCHAR(1000) CHARACTER SET utf8mb4 PATH '$.reason')) AS item ON a.id = item.alert_id
  JOIN JSON_TABLE(v_judged, '$[*]' COLUMNS (
         alert_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.alertId',
         outcome  VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.outcome')) AS judged
    ON judged.alert_id = item.alert_id AND judged.outcome = 'changed'
  SET a.acknowledged_at = CASE WHEN item.status = 'acknowledged' THEN in_now ELSE a.acknowledged_at END,
      a.acknowledged_by = CASE WHEN item.status = 'acknowledged' THEN item.actor ELSE a.acknowledged_by END,
      a.resolved_at = CASE WHEN item.status = 'resolved' THEN in_now ELSE a.resolved_at END,
      a.resolved_by = CASE WHEN item.status = 'resolved' THEN item.actor ELSE a.resolved_by END,
      a.resolution = CASE WHEN item.status = 'resolved' THEN 'manual' ELSE a.resolution END,
      a.note = item.reason,
      a.status = item.status;

  INSERT INTO outbox (event_id, topic, type, subject, occurred_at, payload)
  SELECT UUID(), 'admin.v1', 'stipend.admin.v1.AdminActionRecorded', item.alert_id, in_now,
         JSON_OBJECT('id', item.action_id, 'service', 'monitor', 'actor', item.actor,
                     'roles', JSON_EXTRACT(item.roles, '$'),
                     'action', CASE item.status WHEN 'acknowledged' THEN 'alert.acknowledge' ELSE 'alert.resolve' END,
                     'target', item.alert_id, 'outcome', 'succeeded', 'reason', item.reason,
                     'before', CAST(JSON_OBJECT('status', judged.was) AS CHAR),
                     'after', CAST(JSON_OBJECT('status', item.status, 'rule', a.rule, 'userId', a.user_id) AS CHAR),
                     'ip', item.ip, 'userAgent', item.user_agent, 'requestId', item.request_id,
                     'traceId', item.trace_id, 'occurredAt', DATE_FORMAT(in_now, '%Y-%m-%dT%H:%i:%s.%fZ'))
  FROM JSON_TABLE(in_changes, '$[*]' COLUMNS (
         alert_id   CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.alertId',
         status     VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.status',
         action_id  CHAR(36) CHARACTER SET ascii PATH '$.actionId',
         actor      VARCHAR(255) CHARACTER SET utf8mb4 PATH '$.actor',
         roles      VARCHAR(1000) CHARACTER SET utf8mb4 PATH '$.roles',
         reason     VARCHAR(1000) CHARACTER SET utf8mb4 PATH '$.reason',
         ip         VARCHAR(64) CHARACTER SET utf8mb4 PATH '$.ip',
         user_agent VARCHAR(512) CHARACTER SET utf8mb4 PATH '$.userAgent',
         request_id VARCHAR(128) CHARACTER SET utf8mb4 PATH '$.requestId',
         trace_id   VARCHAR(64) CHARACTER SET utf8mb4 PATH '$.traceId')) AS item
  JOIN JSON_TABLE(v_judged, '$[*]' COLUMNS (
         alert_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.alertId',
         outcome  VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.outcome',
         was      VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.was')) AS judged
    ON judged.alert_id = item.alert_id AND judged.outcome = 'changed'
  JOIN alerts AS a ON a.id = item.alert_id;

  SELECT COALESCE(JSON_ARRAYAGG(a.seq), JSON_ARRAY()) INTO v_ended
  FROM JSON_TABLE(v_judged, '$[*]' COLUMNS (
         alert_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.alertId',
         outcome  VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.outcome')) AS judged
  JOIN alerts AS a ON a.id = judged.alert_id AND a.status = 'resolved'
  WHERE judged.outcome = 'changed';
  IF JSON_LENGTH(v_ended) > 0 THEN
    CALL TellAlerts(v_ended, 'recovered', in_now);
  END IF;

  SELECT judged.alert_id, judged.outcome
  FROM JSON_TABLE(v_judged, '$[*]' COLUMNS (
         ordinal  INT PATH '$.ordinal',
         alert_id CHAR(36) CHARACTER SET ascii PATH '$.alertId',
         outcome  VARCHAR(16) CHARACTER SET ascii PATH '$.outcome')) AS judged
  ORDER BY judged.ordinal;
END;

CREATE PROCEDURE `ClaimChanges`(IN in_limit INT)
    MODIFIES SQL DATA
BEGIN
  SELECT id, alert_id, change_kind, severity, family, alert, at
  FROM alert_changes
  WHERE routed_at IS NULL
  ORDER BY id
  LIMIT in_limit
  FOR UPDATE;
END;

CREATE PROCEDURE `ClaimDeliveries`(IN in_now DATETIME(3), IN in_lost_at DATETIME(3), IN in_limit INT)
    MODIFIES SQL DATA
BEGIN
  DECLARE v_due JSON;

  SELECT COALESCE(JSON_ARRAYAGG(due.id), JSON_ARRAY()) INTO v_due
  FROM (SELECT id FROM deliveries WHERE status = 'waiting' AND next_at <= in_now ORDER BY next_at, id LIMIT in_limit FOR UPDATE) AS due;

  UPDATE deliveries AS d
  JOIN JSON_TABLE(v_due, '$[*]' COLUMNS (id BIGINT PATH '$')) AS item ON item.id = d.id
  SET d.attempts = d.attempts + 1, d.next_at = in_lost_at;

  SELECT d.delivery_id, d.channel, d.attempts, d.dedupe_key, c.id AS change_id, c.change_kind, c.severity, c.family, c.alert, c.at
  FROM JSON_TABLE(v_due, '$[*]' COLUMNS (id BIGINT PATH '$')) AS item
  JOIN deliveries AS d ON d.id = item.id
  JOIN delivery_items AS i ON i.delivery_id = d.delivery_id
  JOIN alert_changes AS c ON c.id = i.change_id
  ORDER BY d.id, c.id;
END;

CREATE PROCEDURE `FinishDeliveries`(IN in_items JSON, IN in_now DATETIME(3))
    MODIFIES SQL DATA
BEGIN
  UPDATE deliveries AS d
  JOIN JSON_TABLE(in_items, '$[*]' COLUMNS (
         delivery_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.deliveryId',
         attempt     INT PATH '$.attempt',
         status      VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.status',
         next_at     DATETIME(3) PATH '$.nextAt',
         error       VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.error')) AS item
    ON item.delivery_id = d.delivery_id
  SET d.status = item.status,
      d.next_at = COALESCE(item.next_at, d.next_at),
      d.last_error = item.error,
      d.finished_at = CASE WHEN item.status = 'waiting' THEN NULL ELSE in_now END
  WHERE d.status = 'waiting' AND (d.attempts = item.attempt OR item.status = 'sent');
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

CREATE PROCEDURE `LockAccounts`(IN in_user_ids JSON)
    MODIFIES SQL DATA
BEGIN
  INSERT INTO accounts (user_id)
  SELECT wanted.user_id
  FROM JSON_TABLE(in_user_ids, '$[*]' COLUMNS (
         user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$')) AS wanted
  LEFT JOIN accounts AS known ON known.user_id = wanted.user_id
  WHERE known.user_id IS NULL
  ORDER BY wanted.user_id
  ON DUPLICATE KEY UPDATE user_id = VALUES(user_id);

  SELECT a.user_id, a.version, a.missing, a.gap_since, a.balance, a.membership_version
  -- Only a join in this order takes the locks in it; an ORDER BY sorts rows that are locked already. The LIMIT keeps the
  -- derived table.
  FROM (SELECT item.user_id
        FROM JSON_TABLE(in_user_ids, '$[*]' COLUMNS (
               user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$')) AS item
        ORDER BY item.user_id
        LIMIT 100000) AS wanted
  STRAIGHT_JOIN accounts AS a ON a.user_id = wanted.user_id
  FOR UPDATE;
END;

CREATE PROCEDURE `MissExpectations`(IN in_now DATETIME(3), IN in_limit INT)
    MODIFIES SQL DATA
BEGIN
  DECLARE v_due JSON;
  DECLARE v_locked INT;

  SELECT COALESCE(JSON_ARRAYAGG(JSON_OBJECT('rule', due.rule, 'key', due.expectation_key)), JSON_ARRAY()) INTO v_due
  FROM (SELECT rule, expectation_key FROM expectations WHERE due_at <= in_now ORDER BY due_at LIMIT in_limit) AS due;

  SELECT COUNT(*) INTO v_locked
  FROM (SELECT item.rule, item.expectation_key
        FROM JSON_TABLE(v_due, '$[*]' COLUMNS (
               rule            VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.rule',
               expectation_key VARCHAR(190) CHARACTER SET ascii COLLATE ascii_bin PATH '$.key')) AS item
        ORDER BY item.rule, item.expectation_key
        LIMIT 100000) AS wanted
  STRAIGHT_JOIN expectations AS e ON e.rule = wanted.rule AND e.expectation_key = wanted.expectation_key
  FOR UPDATE;

  -- What was met, or taken by another instance, between the two reads is no longer due.
  SELECT COALESCE(JSON_ARRAYAGG(JSON_OBJECT('rule', e.rule, 'key', e.expectation_key)), JSON_ARRAY()) INTO v_due
  FROM JSON_TABLE(v_due, '$[*]' COLUMNS (
         rule            VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.rule',
         expectation_key VARCHAR(190) CHARACTER SET ascii COLLATE ascii_bin PATH '$.key')) AS item
  JOIN expectations AS e ON e.rule = item.rule AND e.expectation_key = item.expectation_key
  WHERE e.due_at <= in_now;

  UPDATE expectations AS e
  JOIN JSON_TABLE(v_due, '$[*]' COLUMNS (
         rule            VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.rule',
         expectation_key VARCHAR(190) CHARACTER SET ascii COLLATE ascii_bin PATH '$.key')) AS item
    ON e.rule = item.rule AND e.expectation_key = item.expectation_key
  SET e.told_at = in_now, e.due_at = NULL;

  SELECT e.rule, e.expectation_key, e.user_id, e.at, e.evidence
  FROM JSON_TABLE(v_due, '$[*]' COLUMNS (
         rule            VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.rule',
         expectation_key VARCHAR(190) CHARACTER SET ascii COLLATE ascii_bin PATH '$.key')) AS item
  JOIN expectations AS e ON e.rule = item.rule AND e.expectation_key = item.expectation_key
  ORDER BY e.at, e.rule, e.expectation_key;
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

CREATE PROCEDURE `PlanDeliveries`(IN in_items JSON, IN in_routed JSON, IN in_now DATETIME(3))
    MODIFIES SQL DATA
BEGIN
  INSERT INTO deliveries (delivery_id, channel, dedupe_key, status, next_at, created_at)
  SELECT item.delivery_id, item.channel, item.dedupe_key, 'waiting', item.due_at, in_now
  FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
         delivery_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.deliveryId',
         channel     VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.channel',
         dedupe_key  VARCHAR(96) CHARACTER SET ascii COLLATE ascii_bin PATH '$.dedupeKey',
         due_at      DATETIME(3) PATH '$.dueAt')) AS item
  ORDER BY item.channel, item.dedupe_key
  ON DUPLICATE KEY UPDATE dedupe_key = deliveries.dedupe_key;

  INSERT INTO delivery_items (delivery_id, change_id)
  SELECT d.delivery_id, item.change_id
  FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
         change_id  BIGINT PATH '$.changeId',
         channel    VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.channel',
         dedupe_key VARCHAR(96) CHARACTER SET ascii COLLATE ascii_bin PATH '$.dedupeKey')) AS item
  JOIN deliveries AS d ON d.channel = item.channel AND d.dedupe_key = item.dedupe_key
  ORDER BY d.delivery_id, item.change_id
  ON DUPLICATE KEY UPDATE change_id = delivery_items.change_id;

  UPDATE alert_changes AS c
  JOIN JSON_TABLE(in_routed, '$[*]' COLUMNS (id BIGINT PATH '$')) AS item ON item.id = c.id
  SET c.routed_at = in_now;
END;

CREATE PROCEDURE `PlanInspections`(IN in_items JSON)
    MODIFIES SQL DATA
BEGIN
  UPDATE accounts AS a
  JOIN JSON_TABLE(in_items, '$[*]' COLUMNS (
         user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
         at      DATETIME(3) PATH '$.at')) AS item ON item.user_id = a.user_id
  SET a.inspect_at = item.at;
END;

CREATE PROCEDURE `PurgeHistory`(IN in_now DATETIME(3), IN in_facts_before DATETIME(3), IN in_log_before DATETIME(3), IN in_limit INT)
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
END;

CREATE PROCEDURE `PurgeObservations`(IN in_recorded_before DATETIME(3), IN in_before_ms BIGINT, IN in_limit INT)
    MODIFIES SQL DATA
BEGIN
  DELETE FROM observations WHERE recorded_at < in_recorded_before AND at_ms < in_before_ms ORDER BY recorded_at LIMIT in_limit;
  SELECT ROW_COUNT() AS purged;
END;

CREATE PROCEDURE `RaiseAlerts`(IN in_findings JSON, IN in_now DATETIME(3))
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
END;

CREATE PROCEDURE `ReadMemberFacts`(IN in_user_ids JSON, IN in_now DATETIME(3))
    READS SQL DATA
BEGIN
  SELECT a.user_id,
         (SELECT JSON_ARRAYAGG(t.fact) FROM member_terms AS t WHERE t.user_id = a.user_id) AS terms,
         (SELECT JSON_ARRAYAGG(m.fact) FROM member_allowances AS m WHERE m.user_id = a.user_id) AS allowances
  FROM JSON_TABLE(in_user_ids, '$[*]' COLUMNS (
         user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$')) AS item
  JOIN accounts AS a ON a.user_id = item.user_id
  WHERE a.inspect_at <= in_now;
END;

CREATE PROCEDURE `RecordChecks`(IN in_checks JSON, IN in_now DATETIME(3))
    MODIFIES SQL DATA
BEGIN
  DECLARE v_before JSON;

  SELECT COALESCE(JSON_ARRAYAGG(JSON_OBJECT('userId', c.user_id, 'was', c.result)), JSON_ARRAY()) INTO v_before
  FROM JSON_TABLE(in_checks, '$[*]' COLUMNS (
         user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId')) AS item
  JOIN account_checks AS c ON c.user_id = item.user_id
  WHERE c.result <> 'equal';

  INSERT INTO account_checks (user_id, checked_at, result, lagging_since, credits_version, credits_balance, credits_held,
                              view_version, view_balance, view_held, problems, repair)
  SELECT item.user_id, in_now, item.result, CASE WHEN item.result = 'lagging' THEN in_now END, item.credits_version,
         item.credits_balance, item.credits_held, item.view_version, item.view_balance, item.view_held, item.problems, item.repair
  FROM JSON_TABLE(in_checks, '$[*]' COLUMNS (
         user_id         VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
         result          VARCHAR(16) CHARACTER SET ascii PATH '$.result',
         credits_version BIGINT PATH '$.creditsVersion',
         credits_balance BIGINT PATH '$.creditsBalance',
         credits_held    BIGINT PATH '$.creditsHeld',
         view_version    BIGINT PATH '$.viewVersion',
         view_balance    BIGINT PATH '$.viewBalance',
         view_held       BIGINT PATH '$.viewHeld',
         problems        TEXT CHARACTER SET utf8mb4 PATH '$.problems',
         repair          TEXT CHARACTER SET utf8mb4 PATH '$.repair')) AS item
  ORDER BY item.user_id
  ON DUPLICATE KEY UPDATE
    -- Behind without a break only while the view stays at a version below the one credits had then.
    lagging_since = CASE WHEN VALUES(result) <> 'lagging' THEN NULL
                         WHEN account_checks.result = 'lagging'
                          AND (account_checks.view_version <=> VALUES(view_version)) THEN account_checks.lagging_since
                         ELSE in_now END,
    checked_at = VALUES(checked_at), result = VALUES(result),
    credits_version = VALUES(credits_version), credits_balance = VALUES(credits_balance),
    credits_held = VALUES(credits_held), view_version = VALUES(view_version), view_balance = VALUES(view_balance),
    view_held = VALUES(view_held), problems = VALUES(problems), repair = VALUES(repair);

  SELECT c.user_id, c.lagging_since, was.was
  FROM JSON_TABLE(in_checks, '$[*]' COLUMNS (
         user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId')) AS item
  JOIN account_checks AS c ON c.user_id = item.user_id
  LEFT JOIN JSON_TABLE(v_before, '$[*]' COLUMNS (
         user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
         was     VARCHAR(16) CHARACTER SET ascii PATH '$.was')) AS was ON was.user_id = item.user_id
  WHERE c.lagging_since IS NOT NULL OR was.was IS NOT NULL;
END;

CREATE PROCEDURE `RecordExpectations`(IN in_expected JSON, IN in_met JSON, IN in_now DATETIME(3))
    MODIFIES SQL DATA
BEGIN
  INSERT INTO expectations (rule, expectation_key, user_id, at, due_at, evidence)
  SELECT item.rule, item.expectation_key, item.user_id, item.at, item.due_at, item.evidence
  FROM JSON_TABLE(in_expected, '$[*]' COLUMNS (
         rule            VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.rule',
         expectation_key VARCHAR(190) CHARACTER SET ascii COLLATE ascii_bin PATH '$.key',
         user_id         VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
         at              DATETIME(3) PATH '$.at',
         due_at          DATETIME(3) PATH '$.dueAt',
         evidence        MEDIUMTEXT CHARACTER SET utf8mb4 PATH '$.evidence')) AS item
  ORDER BY item.rule, item.expectation_key
  ON DUPLICATE KEY UPDATE
    due_at = CASE WHEN expectations.met_at IS NULL AND expectations.told_at IS NULL THEN VALUES(due_at) END,
    user_id = VALUES(user_id), evidence = VALUES(evidence);

  INSERT INTO expectations (rule, expectation_key, at, met_at)
  SELECT item.rule, item.expectation_key, item.at, in_now
  FROM JSON_TABLE(in_met, '$[*]' COLUMNS (
         rule            VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.rule',
         expectation_key VARCHAR(190) CHARACTER SET ascii COLLATE ascii_bin PATH '$.key',
         at              DATETIME(3) PATH '$.at')) AS item
  ORDER BY item.rule, item.expectation_key
  ON DUPLICATE KEY UPDATE met_at = COALESCE(expectations.met_at, in_now), due_at = NULL;

  SELECT e.rule, e.expectation_key
  FROM JSON_TABLE(in_met, '$[*]' COLUMNS (
         rule            VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.rule',
         expectation_key VARCHAR(190) CHARACTER SET ascii COLLATE ascii_bin PATH '$.key')) AS item
  JOIN expectations AS e ON e.rule = item.rule AND e.expectation_key = item.expectation_key
  WHERE e.told_at IS NOT NULL;
END;

CREATE PROCEDURE `RecordObservations`(IN in_items JSON, IN in_now DATETIME(3))
    MODIFIES SQL DATA
BEGIN
  INSERT INTO observations (rule, subject, at_ms, event_id, amount, recorded_at)
  SELECT item.rule, item.subject, item.at_ms, item.event_id, item.amount, in_now
  FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
         rule     VARCHAR(64) CHARACTER SET ascii PATH '$.rule',
         subject  VARCHAR(255) CHARACTER SET utf8mb4 PATH '$.subject',
         at_ms    BIGINT PATH '$.atMs',
         event_id VARCHAR(64) CHARACTER SET ascii PATH '$.eventId',
         amount   BIGINT PATH '$.amount')) AS item
  ORDER BY item.rule, item.subject, item.at_ms, item.event_id
  ON DUPLICATE KEY UPDATE amount = observations.amount;

  -- Running sums over the events and, for each event, a mark at the beginning of its window: what a window holds is
  -- the difference of two running sums. One sort, however many events a window holds.
  WITH touched AS (
    SELECT item.rule, item.subject, MAX(item.window_ms) AS window_ms, MAX(item.min_events) AS min_events,
           MAX(item.min_amount) AS min_amount, MAX(item.episode_ms) AS episode_ms,
           MIN(item.at_ms) AS from_ms, MAX(item.at_ms) + MAX(item.window_ms) AS to_ms
    FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
           rule       VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.rule',
           subject    VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.subject',
           at_ms      BIGINT PATH '$.atMs',
           window_ms  BIGINT PATH '$.windowMs',
           min_events BIGINT PATH '$.minEvents',
           min_amount BIGINT PATH '$.minAmount',
           episode_ms BIGINT PATH '$.episodeMs')) AS item
    GROUP BY item.rule, item.subject
  ), events AS (
    SELECT t.rule, t.subject, t.window_ms, t.min_events, t.min_amount, t.from_ms, o.at_ms, o.amount
    FROM touched AS t
    JOIN observations AS o ON o.rule = t.rule AND o.subject = t.subject
      AND o.at_ms > t.from_ms - t.window_ms AND o.at_ms < t.to_ms
  ), points AS (
    SELECT rule, subject, at_ms AS position_ms, at_ms AS window_end_ms, 1 AS is_event, amount FROM events
    UNION ALL
    SELECT rule, subject, at_ms - window_ms, at_ms, 0, 0 FROM events WHERE at_ms >= from_ms
  ), running AS (
    SELECT rule, subject, window_end_ms, is_event,
           SUM(is_event) OVER (PARTITION BY rule, subject ORDER BY position_ms
                               RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS events_so_far,
           SUM(amount) OVER (PARTITION BY rule, subject ORDER BY position_ms
                             RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS amount_so_far
    FROM points
  ), windows AS (
    SELECT rule, subject, window_end_ms,
           MAX(CASE WHEN is_event = 1 THEN events_so_far END) - MAX(CASE WHEN is_event = 0 THEN events_so_far END) AS events,
           MAX(CASE WHEN is_event = 1 THEN amount_so_far END) - MAX(CASE WHEN is_event = 0 THEN amount_so_far END) AS amount
    FROM running
    GROUP BY rule, subject, window_end_ms
  ), full_windows AS (
    SELECT w.rule, w.subject, w.window_end_ms, w.events, w.amount,
           CASE WHEN t.episode_ms > 0 AND w.window_end_ms - LAG(w.window_end_ms)
                  OVER (PARTITION BY w.rule, w.subject ORDER BY w.window_end_ms) >= t.episode_ms THEN 1 ELSE 0 END AS begins
    FROM windows AS w
    JOIN touched AS t ON t.rule = w.rule AND t.subject = w.subject
    -- Events before from_ms have no mark (their windows are as they were), so their difference is NULL.
    WHERE w.events >= t.min_events AND w.amount >= t.min_amount
  ), episodes AS (
    SELECT rule, subject, window_end_ms, events, amount,
           SUM(begins) OVER (PARTITION BY rule, subject ORDER BY window_end_ms) AS episode
    FROM full_windows
  )
  SELECT rule, subject, MIN(window_end_ms) AS first_ms, MAX(window_end_ms) AS last_ms,
         CAST(MAX(events) AS SIGNED) AS events, CAST(MAX(amount) AS SIGNED) AS amount
  FROM episodes
  GROUP BY rule, subject, episode
  ORDER BY first_ms, rule, subject;
END;

CREATE PROCEDURE `RecordSigns`(IN in_items JSON, IN in_now DATETIME(3))
    MODIFIES SQL DATA
BEGIN
  DECLARE v_before JSON;

  SELECT COALESCE(JSON_ARRAYAGG(JSON_OBJECT('rule', s.rule, 'subject', s.subject, 'value', s.value)), JSON_ARRAY()) INTO v_before
  FROM (SELECT item.rule, item.subject
        FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
               rule    VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.rule',
               subject VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.subject')) AS item
        ORDER BY item.rule, item.subject
        LIMIT 100000) AS wanted
  STRAIGHT_JOIN signs AS s ON s.rule = wanted.rule AND s.subject = wanted.subject
  FOR UPDATE;

  INSERT INTO signs (rule, subject, since, seen_at, value)
  SELECT item.rule, item.subject, in_now, in_now, item.value
  FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
         rule    VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.rule',
         subject VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.subject',
         bad     INT PATH '$.bad',
         value   BIGINT PATH '$.value')) AS item
  WHERE item.bad = 1
  ORDER BY item.rule, item.subject
  ON DUPLICATE KEY UPDATE seen_at = in_now, value = VALUES(value);

  DELETE s FROM signs AS s
  JOIN JSON_TABLE(in_items, '$[*]' COLUMNS (
         rule    VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.rule',
         subject VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.subject',
         bad     INT PATH '$.bad')) AS item ON s.rule = item.rule AND s.subject = item.subject
  WHERE item.bad = 0;

  SELECT item.rule, item.subject, item.bad, s.since, was.value AS value_before
  FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
         rule    VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.rule',
         subject VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.subject',
         bad     INT PATH '$.bad')) AS item
  LEFT JOIN signs AS s ON s.rule = item.rule AND s.subject = item.subject
  LEFT JOIN JSON_TABLE(v_before, '$[*]' COLUMNS (
         rule    VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.rule',
         subject VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.subject',
         value   BIGINT PATH '$.value')) AS was ON was.rule = item.rule AND was.subject = item.subject
  WHERE item.bad = 1 OR was.value IS NOT NULL;
END;

CREATE PROCEDURE `RecordTallies`(IN in_items JSON, IN in_now DATETIME(3))
    MODIFIES SQL DATA
BEGIN
  INSERT INTO tallies (rule, subject, bucket_ms, member, events, amount, marked, settle_at, keep_until)
  SELECT item.rule, item.subject, item.bucket_ms, item.member, item.events, item.amount, item.marked,
         CASE WHEN item.settle_ms IS NOT NULL AND item.member = '' THEN TIMESTAMPADD(MICROSECOND, item.settle_ms * 1000,
           GREATEST(in_now, TIMESTAMPADD(MICROSECOND, (item.bucket_ms + item.step_ms) * 1000, '1970-01-01 00:00:00.000'))) END,
         TIMESTAMPADD(MICROSECOND, item.keep_ms * 1000,
           GREATEST(in_now, TIMESTAMPADD(MICROSECOND, (item.bucket_ms + item.step_ms) * 1000, '1970-01-01 00:00:00.000')))
  FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
         rule      VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.rule',
         subject   VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.subject',
         bucket_ms BIGINT PATH '$.bucketMs',
         member    VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.member',
         events    BIGINT PATH '$.events',
         amount    BIGINT PATH '$.amount',
         marked    BIGINT PATH '$.marked',
         step_ms   BIGINT PATH '$.stepMs',
         settle_ms BIGINT PATH '$.settleMs',
         keep_ms   BIGINT PATH '$.keepMs')) AS item
  ORDER BY item.rule, item.subject, item.bucket_ms, item.member
  ON DUPLICATE KEY UPDATE
    events = tallies.events + VALUES(events), amount = tallies.amount + VALUES(amount),
    marked = tallies.marked + VALUES(marked), settle_at = VALUES(settle_at),
    keep_until = GREATEST(tallies.keep_until, VALUES(keep_until));

  WITH touched AS (
    SELECT item.rule, item.subject, MIN(item.bucket_ms) AS from_ms, MAX(item.bucket_ms) AS to_ms,
           MAX(item.step_ms) AS step_ms, MAX(item.width_ms) AS width_ms, MAX(item.min_events) AS min_events,
           MAX(item.min_amount) AS min_amount, MAX(item.min_members) AS min_members, MAX(item.min_each) AS min_each,
           MAX(item.episode_ms) AS episode_ms
    FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
           rule        VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.rule',
           subject     VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.subject',
           bucket_ms   BIGINT PATH '$.bucketMs',
           step_ms     BIGINT PATH '$.stepMs',
           width_ms    BIGINT PATH '$.widthMs',
           min_events  BIGINT PATH '$.minEvents',
           min_amount  BIGINT PATH '$.minAmount',
           min_members BIGINT PATH '$.minMembers',
           min_each    BIGINT PATH '$.minEach',
           episode_ms  BIGINT PATH '$.episodeMs',
           settle_ms   BIGINT PATH '$.settleMs')) AS item
    WHERE item.settle_ms IS NULL AND item.width_ms > 0
    GROUP BY item.rule, item.subject
  ), ends AS (
    SELECT DISTINCT t.rule, t.subject, t.width_ms, t.min_events, t.min_amount, t.min_members, t.min_each, x.bucket_ms AS end_ms
    FROM touched AS t
    JOIN tallies AS x ON x.rule = t.rule AND x.subject = t.subject
      AND x.bucket_ms >= t.from_ms AND x.bucket_ms < t.to_ms + t.width_ms
  ), held AS (
    SELECT e.rule, e.subject, e.end_ms, e.min_events, e.min_amount, e.min_members, e.min_each, x.member,
           SUM(x.events) AS events, SUM(x.amount) AS amount
    FROM ends AS e
    JOIN tallies AS x ON x.rule = e.rule AND x.subject = e.subject
      AND x.bucket_ms > e.end_ms - e.width_ms AND x.bucket_ms <= e.end_ms
    GROUP BY e.rule, e.subject, e.end_ms, e.min_events, e.min_amount, e.min_members, e.min_each, x.member
  ), full_windows AS (
    SELECT rule, subject, end_ms, COUNT(*) AS members, SUM(events) AS events, SUM(amount) AS amount
    FROM held
    WHERE events >= min_each
    GROUP BY rule, subject, end_ms, min_events, min_amount, min_members
    HAVING COUNT(*) >= MAX(min_members) AND SUM(events) >= MAX(min_events) AND SUM(amount) >= MAX(min_amount)
  ), parted AS (
    SELECT w.rule, w.subject, w.end_ms, w.members, w.events, w.amount,
           CASE WHEN t.episode_ms > 0 AND w.end_ms - LAG(w.end_ms)
                  OVER (PARTITION BY w.rule, w.subject ORDER BY w.end_ms) >= t.episode_ms THEN 1 ELSE 0 END AS begins
    FROM full_windows AS w
    JOIN touched AS t ON t.rule = w.rule AND t.subject = w.subject
  ), episodes AS (
    SELECT rule, subject, end_ms, members, events, amount,
           SUM(begins) OVER (PARTITION BY rule, subject ORDER BY end_ms) AS episode
    FROM parted
  )
  SELECT rule, subject, MIN(end_ms) AS first_ms, MAX(end_ms) AS last_ms, CAST(MAX(events) AS SIGNED) AS events,
         CAST(MAX(amount) AS SIGNED) AS amount, CAST(MAX(members) AS SIGNED) AS members
  FROM episodes
  GROUP BY rule, subject, episode
  ORDER BY first_ms, rule, subject;
END;

CREATE PROCEDURE `RecordTraffic`(IN in_progress JSON, IN in_totals JSON, IN in_now DATETIME(3))
    MODIFIES SQL DATA
BEGIN
  INSERT INTO stream_progress (topic, partition_no, last_offset, events, last_event_at, updated_at)
  SELECT item.topic, item.partition_no, item.last_offset, item.events, item.last_event_at, in_now
  FROM JSON_TABLE(in_progress, '$[*]' COLUMNS (
         topic         VARCHAR(128) CHARACTER SET ascii PATH '$.topic',
         partition_no  INT PATH '$.partition',
         last_offset   BIGINT PATH '$.offset',
         events        BIGINT PATH '$.events',
         last_event_at DATETIME(3) PATH '$.lastEventAt')) AS item
  ORDER BY item.topic, item.partition_no
  ON DUPLICATE KEY UPDATE
    last_offset = GREATEST(stream_progress.last_offset, VALUES(last_offset)),
    events = stream_progress.events + VALUES(events),
    last_event_at = GREATEST(stream_progress.last_event_at, VALUES(last_event_at)),
    updated_at = VALUES(updated_at);

  INSERT INTO daily_totals (day, kind, events, amount)
  SELECT item.day, item.kind, item.events, item.amount
  FROM JSON_TABLE(in_totals, '$[*]' COLUMNS (
         day    DATE PATH '$.day',
         kind   VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.kind',
         events BIGINT PATH '$.events',
         amount BIGINT PATH '$.amount')) AS item
  ORDER BY item.day, item.kind
  ON DUPLICATE KEY UPDATE
    events = daily_totals.events + VALUES(events),
    amount = daily_totals.amount + VALUES(amount);
END;

CREATE PROCEDURE `RecordValues`(IN in_items JSON, IN in_now DATETIME(3))
    MODIFIES SQL DATA
BEGIN
  DECLARE v_new JSON;

  INSERT INTO known_values (rule, subject, facet, value, first_at, last_at)
  SELECT item.rule, item.subject, item.facet, item.value, item.first_at, item.last_at
  FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
         rule     VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.rule',
         subject  VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.subject',
         facet    VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.facet',
         value    VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.value',
         first_at DATETIME(3) PATH '$.firstAt',
         last_at  DATETIME(3) PATH '$.lastAt')) AS item
  ORDER BY item.rule, item.subject, item.facet, item.value
  ON DUPLICATE KEY UPDATE
    first_at = LEAST(known_values.first_at, VALUES(first_at)),
    last_at = GREATEST(known_values.last_at, VALUES(last_at));

  SELECT COALESCE(JSON_ARRAYAGG(JSON_OBJECT('rule', seen.rule, 'subject', seen.subject, 'facet', seen.facet,
                                            'value', seen.value)), JSON_ARRAY()) INTO v_new
  FROM (
    SELECT k.rule, k.subject, k.facet, k.value, k.first_at, k.told_at, subjects.learn_ms,
           MIN(k.first_at) OVER (PARTITION BY k.rule, k.subject, k.facet) AS begun_at
    FROM (SELECT item.rule, item.subject, MAX(item.learn_ms) AS learn_ms
          FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
                 rule     VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.rule',
                 subject  VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.subject',
                 learn_ms BIGINT PATH '$.learnMs')) AS item
          GROUP BY item.rule, item.subject) AS subjects
    JOIN known_values AS k ON k.rule = subjects.rule AND k.subject = subjects.subject
  ) AS seen
  WHERE seen.told_at IS NULL AND seen.first_at > TIMESTAMPADD(MICROSECOND, seen.learn_ms * 1000, seen.begun_at);

  UPDATE known_values AS k
  JOIN JSON_TABLE(v_new, '$[*]' COLUMNS (
         rule    VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.rule',
         subject VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.subject',
         facet   VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.facet',
         value   VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.value')) AS item
    ON k.rule = item.rule AND k.subject = item.subject AND k.facet = item.facet AND k.value = item.value
  SET k.told_at = in_now;

  SELECT k.rule, k.subject, k.facet, k.value, k.first_at
  FROM JSON_TABLE(v_new, '$[*]' COLUMNS (
         rule    VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.rule',
         subject VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.subject',
         facet   VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.facet',
         value   VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.value')) AS item
  JOIN known_values AS k ON k.rule = item.rule AND k.subject = item.subject AND k.facet = item.facet AND k.value = item.value
  ORDER BY k.first_at, k.rule, k.subject, k.facet, k.value;
END;

CREATE PROCEDURE `RecoverAlerts`(IN in_items JSON, IN in_now DATETIME(3))
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
END;

CREATE PROCEDURE `RecoverDueAlerts`(IN in_now DATETIME(3), IN in_limit INT)
    MODIFIES SQL DATA
BEGIN
  DECLARE v_due JSON;

  SELECT COALESCE(JSON_ARRAYAGG(JSON_OBJECT('fingerprint', due.fingerprint,
                                            'at', DATE_FORMAT(due.recovers_at, '%Y-%m-%d %H:%i:%s.%f'))), JSON_ARRAY())
  INTO v_due
  FROM (
    SELECT fingerprint, recovers_at FROM alerts
    WHERE status IN ('open', 'acknowledged') AND recovers_at <= in_now
    ORDER BY seq LIMIT in_limit FOR UPDATE
  ) AS due;
  IF JSON_LENGTH(v_due) > 0 THEN
    CALL RecoverAlerts(v_due, in_now);
  END IF;
  SELECT JSON_LENGTH(v_due) AS recovered;
END;

CREATE PROCEDURE `SaveAccounts`(IN in_accounts JSON)
    MODIFIES SQL DATA
BEGIN
  UPDATE accounts AS a
  JOIN JSON_TABLE(in_accounts, '$[*]' COLUMNS (
         user_id            VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
         version            BIGINT PATH '$.version',
         missing            TEXT CHARACTER SET utf8mb4 PATH '$.missing',
         gap_since          DATETIME(3) PATH '$.gapSince',
         balance            BIGINT PATH '$.credits.balance',
         held               BIGINT PATH '$.credits.held',
         account_status     VARCHAR(16) CHARACTER SET ascii PATH '$.credits.status',
         credits_at         DATETIME(3) PATH '$.credits.at',
         membership_version BIGINT PATH '$.membership.version',
         membership_status  VARCHAR(16) CHARACTER SET ascii PATH '$.membership.status',
         tier               VARCHAR(64) CHARACTER SET utf8mb4 PATH '$.membership.tier',
         period_end         DATETIME(3) PATH '$.membership.periodEnd',
         ends_at            DATETIME(3) PATH '$.membership.endsAt')) AS item ON item.user_id = a.user_id
  SET a.version = item.version,
      a.missing = item.missing,
      a.gap_since = item.gap_since,
      a.balance = COALESCE(item.balance, a.balance),
      a.held = COALESCE(item.held, a.held),
      a.account_status = COALESCE(item.account_status, a.account_status),
      a.credits_at = COALESCE(item.credits_at, a.credits_at),
      a.membership_status = CASE WHEN item.membership_version IS NULL THEN a.membership_status ELSE item.membership_status END,
      a.tier = CASE WHEN item.membership_version IS NULL THEN a.tier ELSE item.tier END,
      a.period_end = CASE WHEN item.membership_version IS NULL THEN a.period_end ELSE item.period_end END,
      a.ends_at = CASE WHEN item.membership_version IS NULL THEN a.ends_at ELSE item.ends_at END,
      a.membership_version = COALESCE(item.membership_version, a.membership_version);
END;

CREATE PROCEDURE `SaveMemberFacts`(IN in_terms JSON, IN in_allowances JSON, IN in_inspect JSON)
    MODIFIES SQL DATA
BEGIN
  INSERT INTO member_terms (user_id, version, at, fact)
  SELECT item.user_id, item.version, item.at, item.fact
  FROM JSON_TABLE(in_terms, '$[*]' COLUMNS (
         user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
         version BIGINT PATH '$.version',
         at      DATETIME(3) PATH '$.at',
         fact    MEDIUMTEXT CHARACTER SET utf8mb4 PATH '$.fact')) AS item
  ORDER BY item.user_id, item.version
  ON DUPLICATE KEY UPDATE version = member_terms.version;

  INSERT INTO member_allowances (user_id, version, at, fact)
  SELECT item.user_id, item.version, item.at, item.fact
  FROM JSON_TABLE(in_allowances, '$[*]' COLUMNS (
         user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
         version BIGINT PATH '$.version',
         at      DATETIME(3) PATH '$.at',
         fact    MEDIUMTEXT CHARACTER SET utf8mb4 PATH '$.fact')) AS item
  ORDER BY item.user_id, item.version
  ON DUPLICATE KEY UPDATE version = member_allowances.version;

  UPDATE accounts AS a
  JOIN JSON_TABLE(in_inspect, '$[*]' COLUMNS (
         user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
         at      DATETIME(3) PATH '$.at')) AS item ON item.user_id = a.user_id
  SET a.inspect_at = CASE WHEN a.inspect_at IS NULL OR item.at < a.inspect_at THEN item.at ELSE a.inspect_at END;
END;

CREATE PROCEDURE `SettleTallies`(IN in_rules JSON, IN in_now DATETIME(3), IN in_limit INT)
    MODIFIES SQL DATA
BEGIN
  DECLARE v_due JSON;
  DECLARE v_locked INT;

  SELECT COALESCE(JSON_ARRAYAGG(JSON_OBJECT('rule', due.rule, 'subject', due.subject, 'bucketMs', due.bucket_ms)), JSON_ARRAY())
  INTO v_due
  FROM (SELECT rule, subject, bucket_ms FROM tallies WHERE settle_at <= in_now AND member = ''
        ORDER BY settle_at, rule, subject, bucket_ms LIMIT in_limit) AS due;

  SELECT COUNT(*) INTO v_locked
  FROM (SELECT item.rule, item.subject, item.bucket_ms
        FROM JSON_TABLE(v_due, '$[*]' COLUMNS (
               rule      VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.rule',
               subject   VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.subject',
               bucket_ms BIGINT PATH '$.bucketMs')) AS item
        ORDER BY item.rule, item.subject, item.bucket_ms
        LIMIT 100000) AS wanted
  STRAIGHT_JOIN tallies AS t ON t.rule = wanted.rule AND t.subject = wanted.subject AND t.bucket_ms = wanted.bucket_ms
    AND t.member = ''
  FOR UPDATE;

  UPDATE tallies AS t
  JOIN JSON_TABLE(v_due, '$[*]' COLUMNS (
         rule      VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.rule',
         subject   VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.subject',
         bucket_ms BIGINT PATH '$.bucketMs')) AS item
    ON t.rule = item.rule AND t.subject = item.subject AND t.bucket_ms = item.bucket_ms AND t.member = ''
  SET t.settle_at = NULL
  WHERE t.settle_at <= in_now;

  SELECT item.rule, item.subject, item.bucket_ms, CAST(SUM(x.events) AS SIGNED) AS events,
         CAST(SUM(x.amount) AS SIGNED) AS amount, CAST(SUM(x.marked) AS SIGNED) AS marked
  FROM JSON_TABLE(v_due, '$[*]' COLUMNS (
         rule      VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.rule',
         subject   VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.subject',
         bucket_ms BIGINT PATH '$.bucketMs')) AS item
  LEFT JOIN JSON_TABLE(in_rules, '$[*]' COLUMNS (
         rule     VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.rule',
         width_ms BIGINT PATH '$.widthMs')) AS r ON r.rule = item.rule
  JOIN tallies AS x ON x.rule = item.rule AND x.subject = item.subject AND x.member = ''
    AND x.bucket_ms > item.bucket_ms - COALESCE(r.width_ms, 1) AND x.bucket_ms <= item.bucket_ms
  GROUP BY item.rule, item.subject, item.bucket_ms
  ORDER BY item.bucket_ms, item.rule, item.subject;
END;

CREATE PROCEDURE `TallyCrowd`(IN in_rule VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin, IN in_items JSON, IN in_percent INT, IN in_accounts INT)
    READS SQL DATA
BEGIN
  DECLARE v_from BIGINT;
  DECLARE v_to BIGINT;
  SELECT MIN(item.from_ms), MAX(item.to_ms) INTO v_from, v_to
  FROM JSON_TABLE(in_items, '$[*]' COLUMNS (from_ms BIGINT PATH '$.fromMs', to_ms BIGINT PATH '$.toMs')) AS item;

  SELECT item.ordinal, CAST(SUM(own.marked) AS SIGNED) AS marked
  FROM (SELECT x.bucket_ms, SUM(x.amount) AS amount, SUM(x.marked) AS marked, SUM(CASE WHEN x.marked > 0 THEN 1 ELSE 0 END) AS accounts
        FROM tallies AS x
        -- Steps of one number of digits, so their order is that of their text.
        WHERE x.rule = in_rule AND x.subject >= CONCAT('*/', v_from DIV 1000) AND x.subject <= CONCAT('*/', v_to DIV 1000)
        GROUP BY x.bucket_ms
        HAVING SUM(CASE WHEN x.marked > 0 THEN 1 ELSE 0 END) > in_accounts) AS many
  JOIN JSON_TABLE(in_items, '$[*]' COLUMNS (
         ordinal INT PATH '$.ordinal',
         member  VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.member',
         from_ms BIGINT PATH '$.fromMs',
         to_ms   BIGINT PATH '$.toMs')) AS item ON many.bucket_ms > item.from_ms AND many.bucket_ms <= item.to_ms
  JOIN tallies AS own ON own.rule = in_rule AND own.subject = CONCAT('*/', many.bucket_ms DIV 1000) AND own.bucket_ms = many.bucket_ms
    AND own.member = item.member
  WHERE own.marked > 0 AND (many.marked - own.marked) * 100 >= (many.amount - own.amount) * in_percent
  GROUP BY item.ordinal;
END;

CREATE PROCEDURE `TallyHistory`(IN in_items JSON)
    READS SQL DATA
BEGIN
  SELECT item.ordinal, CAST(COALESCE(SUM(x.events), 0) AS SIGNED) AS events,
         CAST(COALESCE(SUM(x.amount), 0) AS SIGNED) AS amount
  FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
         ordinal   INT PATH '$.ordinal',
         rule      VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.rule',
         subject   VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.subject',
         from_ms   BIGINT PATH '$.fromMs',
         before_ms BIGINT PATH '$.beforeMs')) AS item
  LEFT JOIN tallies AS x ON x.rule = item.rule AND x.subject = item.subject AND x.bucket_ms >= item.from_ms
    AND x.bucket_ms < item.before_ms
  GROUP BY item.ordinal;
END;

CREATE PROCEDURE `TellAlerts`(IN in_seqs JSON, IN in_change VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin, IN in_now DATETIME(3))
    MODIFIES SQL DATA
BEGIN
  INSERT INTO outbox (event_id, topic, type, subject, occurred_at, payload)
  SELECT UUID(), 'alerts.v1',
         CASE in_change WHEN 'raised' THEN 'stipend.alerts.v1.AlertRaised' ELSE 'stipend.alerts.v1.AlertRecovered' END,
         e.subject, in_now, JSON_OBJECT('alert', JSON_EXTRACT(e.alert, '$'))
  FROM JSON_TABLE(in_seqs, '$[*]' COLUMNS (seq BIGINT PATH '$')) AS item
  JOIN alert_events AS e ON e.seq = item.seq
  ORDER BY e.seq;

  INSERT INTO alert_changes (alert_id, change_kind, severity, family, alert, at)
  SELECT a.id, in_change, a.severity, a.family, e.alert, in_now
  FROM JSON_TABLE(in_seqs, '$[*]' COLUMNS (seq BIGINT PATH '$')) AS item
  JOIN alerts AS a ON a.seq = item.seq
  JOIN alert_events AS e ON e.seq = item.seq
  ORDER BY a.seq;
END;
