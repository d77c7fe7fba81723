-- Dumped from MariaDB. Made by dumpSchema; do not edit.

CREATE TABLE `inbox` (
  `consumer` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `event_id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `received_at` datetime(3) NOT NULL,
  `claim` bigint(20) unsigned NOT NULL,
  PRIMARY KEY (`consumer`,`event_id`),
  KEY `inbox_received` (`received_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `member_balances` (
  `user_id` varchar(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `user_no` bigint(20) unsigned NOT NULL,
  `balance` bigint(20) NOT NULL,
  `held` bigint(20) NOT NULL,
  `account_status` enum('active','frozen') CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `version` bigint(20) NOT NULL,
  `told_at` datetime(3) DEFAULT NULL,
  PRIMARY KEY (`user_id`),
  KEY `member_balances_by_balance` (`balance`,`user_no`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `membership_history` (
  `user_id` varchar(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `version` bigint(20) NOT NULL,
  `change_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `membership_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `change_kind` varchar(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `actor` varchar(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `reason` varchar(1000) NOT NULL,
  `state` longtext NOT NULL CHECK (json_valid(`state`)),
  `occurred_at` datetime(3) NOT NULL,
  PRIMARY KEY (`user_id`,`version`),
  UNIQUE KEY `membership_history_change` (`change_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `membership_reminders` (
  `membership_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `ends_at` datetime(3) NOT NULL,
  `days_left` int(11) NOT NULL,
  `run_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `sent` tinyint(1) NOT NULL,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`membership_id`,`ends_at`,`days_left`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `membership_requests` (
  `user_id` varchar(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `operation` varchar(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `request_key` varchar(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `request_hash` char(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `response` longtext NOT NULL CHECK (json_valid(`response`)),
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`user_id`,`operation`,`request_key`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `membership_tiers` (
  `tier` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `display_name` varchar(100) NOT NULL,
  `monthly_credits` bigint(20) NOT NULL,
  `tier_rank` int(11) NOT NULL,
  `anchor` enum('calendar','anniversary') CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `first_period` enum('full','prorated') CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `rollover_cap` bigint(20) NOT NULL,
  `on_expiry` enum('keep','forfeit') CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `features` longtext NOT NULL CHECK (json_valid(`features`)),
  `offered` tinyint(1) NOT NULL,
  `version` bigint(20) NOT NULL,
  `change_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `updated_at` datetime(3) NOT NULL,
  PRIMARY KEY (`tier`),
  CONSTRAINT `tier_credits_in_bounds` CHECK (`monthly_credits` between 0 and 1000000000),
  CONSTRAINT `tier_rollover_in_bounds` CHECK (`rollover_cap` between 0 and 1000000000)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `memberships` (
  `membership_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `user_id` varchar(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `user_no` bigint(20) unsigned NOT NULL,
  `is_current` tinyint(1) DEFAULT NULL,
  `version` bigint(20) NOT NULL,
  `change_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `status` enum('active','cancelled','expired','ended') CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `cycle` enum('monthly','yearly') CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `tier` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `monthly_credits` bigint(20) NOT NULL,
  `tier_rank` int(11) NOT NULL,
  `anchor` enum('calendar','anniversary') CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `first_period` enum('full','prorated') CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `rollover_cap` bigint(20) NOT NULL,
  `on_expiry` enum('keep','forfeit') CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `pending_tier` varchar(64) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `pending_monthly_credits` bigint(20) DEFAULT NULL,
  `pending_tier_rank` int(11) DEFAULT NULL,
  `pending_anchor` enum('calendar','anniversary') CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `pending_first_period` enum('full','prorated') CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `pending_rollover_cap` bigint(20) DEFAULT NULL,
  `pending_on_expiry` enum('keep','forfeit') CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `pending_cycle` enum('monthly','yearly') CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `started_at` datetime(3) NOT NULL,
  `period_start` datetime(3) NOT NULL,
  `period_end` datetime(3) NOT NULL,
  `expires_at` datetime(3) DEFAULT NULL,
  `cancel_at_period_end` tinyint(1) NOT NULL,
  `ended_at` datetime(3) DEFAULT NULL,
  `end_agreed_at` datetime(3) DEFAULT NULL,
  `updated_at` datetime(3) NOT NULL,
  `due_at` datetime(3) GENERATED ALWAYS AS (case when `status` <> 'active' then NULL when `expires_at` is not null and `expires_at` < `period_end` then `expires_at` else `period_end` end) STORED,
  `ends_at` datetime(3) GENERATED ALWAYS AS (case when `status` <> 'active' then NULL when `cancel_at_period_end` = 1 and (`expires_at` is null or `period_end` < `expires_at`) then `period_end` else `expires_at` end) STORED,
  PRIMARY KEY (`membership_id`),
  UNIQUE KEY `memberships_one_current` (`user_id`,`is_current`),
  KEY `memberships_due` (`due_at`),
  KEY `memberships_by_status` (`is_current`,`status`,`user_no`),
  KEY `memberships_by_tier` (`is_current`,`status`,`tier`,`user_no`),
  KEY `memberships_ends` (`ends_at`,`user_no`,`user_id`,`tier`),
  CONSTRAINT `memberships_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`user_id`),
  CONSTRAINT `memberships_current_or_null` CHECK (`is_current` = 1),
  CONSTRAINT `memberships_period_forward` CHECK (`period_start` < `period_end`),
  CONSTRAINT `memberships_closed_has_end` CHECK (`status` = 'active' = (`ended_at` is null)),
  CONSTRAINT `memberships_past_is_closed` CHECK (`is_current` is not null or `status` <> 'active')
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

CREATE TABLE `revocation_head` (
  `head_id` tinyint(4) NOT NULL,
  `seq` bigint(20) NOT NULL,
  PRIMARY KEY (`head_id`),
  CONSTRAINT `revocation_head_is_one` CHECK (`head_id` = 1)
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

CREATE TABLE `token_revocations` (
  `kind` enum('user','token') CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `subject` varchar(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `seq` bigint(20) NOT NULL,
  `issued_until` datetime(3) NOT NULL,
  `stands_until` datetime(3) NOT NULL,
  `revocation_id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `actor` varchar(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `reason` varchar(1000) NOT NULL,
  `revoked_at` datetime(3) NOT NULL,
  PRIMARY KEY (`kind`,`subject`),
  UNIQUE KEY `token_revocations_by_seq` (`seq`),
  KEY `token_revocations_run_out` (`stands_until`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `user_terms` (
  `term` varchar(128) NOT NULL,
  `user_no` bigint(20) unsigned NOT NULL,
  `source` enum('id','email','name') CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  PRIMARY KEY (`term`,`user_no`,`source`),
  KEY `user_terms_by_user` (`user_no`,`term`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `users` (
  `user_id` varchar(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `user_no` bigint(20) unsigned NOT NULL AUTO_INCREMENT,
  `email` varchar(320) DEFAULT NULL,
  `name` varchar(200) DEFAULT NULL,
  `membership_version` bigint(20) NOT NULL DEFAULT 0,
  `first_seen_at` datetime(3) NOT NULL,
  PRIMARY KEY (`user_id`),
  UNIQUE KEY `users_by_no` (`user_no`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE SQL SECURITY DEFINER VIEW `member_balance_list` AS select `member_balances`.`user_id` AS `user_id`,`member_balances`.`user_no` AS `user_no`,`member_balances`.`balance` AS `balance` from `member_balances`;

CREATE SQL SECURITY DEFINER VIEW `membership_current` AS select `u`.`user_id` AS `user_id`,`u`.`user_no` AS `user_no`,`u`.`membership_version` AS `membership_version`,`m`.`membership_id` AS `membership_id`,`m`.`status` AS `status`,`m`.`cycle` AS `cycle`,`m`.`tier` AS `tier`,`m`.`monthly_credits` AS `monthly_credits`,`m`.`tier_rank` AS `tier_rank`,`m`.`anchor` AS `anchor`,`m`.`first_period` AS `first_period`,`m`.`rollover_cap` AS `rollover_cap`,`m`.`on_expiry` AS `on_expiry`,`m`.`pending_tier` AS `pending_tier`,`m`.`pending_monthly_credits` AS `pending_monthly_credits`,`m`.`pending_tier_rank` AS `pending_tier_rank`,`m`.`pending_anchor` AS `pending_anchor`,`m`.`pending_first_period` AS `pending_first_period`,`m`.`pending_rollover_cap` AS `pending_rollover_cap`,`m`.`pending_on_expiry` AS `pending_on_expiry`,`m`.`pending_cycle` AS `pending_cycle`,`m`.`started_at` AS `started_at`,`m`.`period_start` AS `period_start`,`m`.`period_end` AS `period_end`,`m`.`expires_at` AS `expires_at`,`m`.`cancel_at_period_end` AS `cancel_at_period_end`,`m`.`ended_at` AS `ended_at`,`m`.`due_at` AS `due_at`,`m`.`ends_at` AS `ends_at` from (`users` `u` left join `memberships` `m` on(`m`.`user_id` = `u`.`user_id` and `m`.`is_current` = 1));

CREATE SQL SECURITY DEFINER VIEW `membership_end_list` AS select `memberships`.`user_id` AS `user_id`,`memberships`.`user_no` AS `user_no`,`memberships`.`tier` AS `tier`,`memberships`.`ends_at` AS `ends_at` from `memberships` where `memberships`.`ends_at` is not null;

CREATE SQL SECURITY DEFINER VIEW `membership_history_list` AS select `h`.`user_id` AS `user_id`,`h`.`version` AS `version`,`h`.`change_kind` AS `change_kind`,`h`.`actor` AS `actor`,`h`.`reason` AS `reason`,`h`.`occurred_at` AS `occurred_at`,json_unquote(json_extract(`h`.`state`,'$.terms.tier')) AS `tier`,lcase(replace(json_unquote(json_extract(`h`.`state`,'$.status')),'MEMBERSHIP_STATUS_','')) AS `status`,lcase(replace(json_unquote(json_extract(`h`.`state`,'$.cycle')),'MEMBERSHIP_CYCLE_','')) AS `cycle` from `membership_history` `h`;

CREATE SQL SECURITY DEFINER VIEW `membership_state` AS select `m`.`membership_id` AS `membership_id`,`m`.`user_id` AS `user_id`,`m`.`is_current` AS `is_current`,`m`.`version` AS `version`,`m`.`change_id` AS `change_id`,json_object('membershipId',`m`.`membership_id`,'status',concat('MEMBERSHIP_STATUS_',ucase(`m`.`status`)),'cycle',concat('MEMBERSHIP_CYCLE_',ucase(`m`.`cycle`)),'terms',json_object('tier',`m`.`tier`,'monthlyCredits',`m`.`monthly_credits`,'anchor',concat('ALLOWANCE_ANCHOR_',ucase(`m`.`anchor`)),'firstPeriod',concat('FIRST_PERIOD_',ucase(`m`.`first_period`)),'rolloverCap',`m`.`rollover_cap`,'onExpiry',concat('ON_EXPIRY_',ucase(`m`.`on_expiry`)),'rank',`m`.`tier_rank`),'pendingTerms',case when `m`.`pending_tier` is null then NULL else json_object('tier',`m`.`pending_tier`,'monthlyCredits',`m`.`pending_monthly_credits`,'anchor',concat('ALLOWANCE_ANCHOR_',ucase(`m`.`pending_anchor`)),'firstPeriod',concat('FIRST_PERIOD_',ucase(`m`.`pending_first_period`)),'rolloverCap',`m`.`pending_rollover_cap`,'onExpiry',concat('ON_EXPIRY_',ucase(`m`.`pending_on_expiry`)),'rank',`m`.`pending_tier_rank`) end,'pendingCycle',concat('MEMBERSHIP_CYCLE_',ucase(`m`.`pending_cycle`)),'startedAt',date_format(`m`.`started_at`,'%Y-%m-%dT%H:%i:%s.%fZ'),'currentPeriodStart',date_format(`m`.`period_start`,'%Y-%m-%dT%H:%i:%s.%fZ'),'currentPeriodEnd',date_format(`m`.`period_end`,'%Y-%m-%dT%H:%i:%s.%fZ'),'expiresAt',date_format(`m`.`expires_at`,'%Y-%m-%dT%H:%i:%s.%fZ'),'cancelAtPeriodEnd',json_extract(if(`m`.`cancel_at_period_end` = 1,'true','false'),'$'),'endedAt',date_format(`m`.`ended_at`,'%Y-%m-%dT%H:%i:%s.%fZ')) AS `state` from `memberships` `m`;

CREATE SQL SECURITY DEFINER VIEW `membership_tier_list` AS select `membership_tiers`.`tier` AS `tier`,`membership_tiers`.`display_name` AS `display_name`,`membership_tiers`.`monthly_credits` AS `monthly_credits`,`membership_tiers`.`tier_rank` AS `tier_rank`,`membership_tiers`.`anchor` AS `anchor`,`membership_tiers`.`first_period` AS `first_period`,`membership_tiers`.`rollover_cap` AS `rollover_cap`,`membership_tiers`.`on_expiry` AS `on_expiry`,`membership_tiers`.`features` AS `features`,`membership_tiers`.`offered` AS `offered`,`membership_tiers`.`version` AS `version`,`membership_tiers`.`updated_at` AS `updated_at` from `membership_tiers`;

CREATE SQL SECURITY DEFINER VIEW `newest_revocation` AS select `revocation_head`.`seq` AS `seq` from `revocation_head`;

CREATE SQL SECURITY DEFINER VIEW `outbox_event` AS select `outbox`.`id` AS `id`,1 AS `place`,`outbox`.`event_id` AS `event_id`,`outbox`.`topic` AS `topic`,`outbox`.`type` AS `type`,`outbox`.`subject` AS `subject`,`outbox`.`occurred_at` AS `occurred_at`,`outbox`.`traceparent` AS `traceparent`,`outbox`.`published_at` AS `published_at`,`outbox`.`payload` AS `payload` from `outbox`;

CREATE SQL SECURITY DEFINER VIEW `schema_version` AS select 'migration' AS `kind`,`schema_migrations`.`source` AS `source`,`schema_migrations`.`name` AS `name`,`schema_migrations`.`checksum` AS `checksum`,`schema_migrations`.`applied_at` AS `applied_at` from `schema_migrations` union all select `schema_routines`.`kind` AS `kind`,`schema_routines`.`source` AS `source`,`schema_routines`.`name` AS `name`,`schema_routines`.`checksum` AS `checksum`,`schema_routines`.`applied_at` AS `applied_at` from `schema_routines`;

CREATE SQL SECURITY DEFINER VIEW `token_revocation_list` AS select `token_revocations`.`seq` AS `seq`,`token_revocations`.`kind` AS `kind`,`token_revocations`.`subject` AS `subject`,`token_revocations`.`issued_until` AS `issued_until`,`token_revocations`.`stands_until` AS `stands_until`,`token_revocations`.`revocation_id` AS `revocation_id`,`token_revocations`.`actor` AS `actor`,`token_revocations`.`reason` AS `reason`,`token_revocations`.`revoked_at` AS `revoked_at` from `token_revocations`;

CREATE SQL SECURITY DEFINER VIEW `user_membership_status` AS select `u`.`user_id` AS `user_id`,`u`.`user_no` AS `user_no`,`u`.`email` AS `email`,`u`.`name` AS `name`,`u`.`first_seen_at` AS `first_seen_at`,`u`.`membership_version` AS `membership_version`,case when `m`.`status` = 'active' then `m`.`tier` end AS `tier`,coalesce(`m`.`status`,'none') AS `status`,case when `m`.`status` = 'active' then `m`.`monthly_credits` end AS `monthly_credits`,`m`.`membership_id` AS `membership_id`,`m`.`cycle` AS `cycle`,`m`.`tier` AS `last_tier`,`m`.`monthly_credits` AS `agreed_credits`,`m`.`tier_rank` AS `tier_rank`,`m`.`anchor` AS `anchor`,`m`.`first_period` AS `first_period`,`m`.`rollover_cap` AS `rollover_cap`,`m`.`on_expiry` AS `on_expiry`,`m`.`pending_tier` AS `pending_tier`,`m`.`pending_monthly_credits` AS `pending_monthly_credits`,`m`.`pending_tier_rank` AS `pending_tier_rank`,`m`.`pending_anchor` AS `pending_anchor`,`m`.`pending_first_period` AS `pending_first_period`,`m`.`pending_rollover_cap` AS `pending_rollover_cap`,`m`.`pending_on_expiry` AS `pending_on_expiry`,`m`.`pending_cycle` AS `pending_cycle`,`m`.`started_at` AS `started_at`,`m`.`period_start` AS `period_start`,`m`.`period_end` AS `period_end`,`m`.`expires_at` AS `expires_at`,`m`.`cancel_at_period_end` AS `cancel_at_period_end`,`m`.`ended_at` AS `ended_at`,`m`.`due_at` AS `due_at`,`m`.`ends_at` AS `ends_at`,`m`.`user_no` AS `membership_user_no`,`m`.`status` AS `membership_status`,`m`.`tier` AS `membership_tier`,`b`.`balance` AS `balance`,`b`.`held` AS `held`,`b`.`version` AS `balance_version`,`b`.`account_status` AS `account_status`,`b`.`told_at` AS `balance_told_at` from ((`users` `u` left join `memberships` `m` on(`m`.`user_id` = `u`.`user_id` and `m`.`is_current` = 1)) join `member_balances` `b` on(`b`.`user_id` = `u`.`user_id`));

CREATE SQL SECURITY DEFINER VIEW `user_term_list` AS select `user_terms`.`term` AS `term`,`user_terms`.`user_no` AS `user_no`,`user_terms`.`source` AS `source` from `user_terms`;

CREATE PROCEDURE `ApplyBalances`(IN in_items JSON, IN in_now DATETIME(3))
    MODIFIES SQL DATA
BEGIN
  UPDATE (
      SELECT j.*, ROW_NUMBER() OVER (PARTITION BY j.user_id ORDER BY j.version DESC) AS place
        FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
               user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
               version BIGINT PATH '$.version',
               balance BIGINT PATH '$.balance',
               held BIGINT PATH '$.held',
               account_status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.status')) j
       ORDER BY j.user_id
       LIMIT 1000) i
    STRAIGHT_JOIN member_balances b ON b.user_id = i.user_id
     SET b.balance = i.balance,
         b.held = i.held,
         b.account_status = i.account_status,
         b.version = i.version,
         b.told_at = in_now
   WHERE i.place = 1 AND i.version > b.version;

  SELECT DISTINCT i.user_id
    FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId')) i
    LEFT JOIN member_balances b ON b.user_id = i.user_id
   WHERE b.user_id IS NULL;
END;

CREATE PROCEDURE `CancelMembership`(IN in_items JSON, IN in_now DATETIME(3))
    MODIFIES SQL DATA
BEGIN
  UPDATE JSON_TABLE(in_items, '$[*]' COLUMNS (
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           expected_version BIGINT PATH '$.expectedVersion',
           change_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.changeId',
           change_kind VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.change')) i
    STRAIGHT_JOIN memberships m ON m.user_id = i.user_id
    STRAIGHT_JOIN users u ON u.user_id = m.user_id AND u.membership_version = i.expected_version
     SET m.version = i.expected_version + 1,
         m.change_id = i.change_id,
         m.cancel_at_period_end = 1,
         m.end_agreed_at = in_now,
         m.updated_at = in_now
   WHERE i.change_kind = 'cancel_scheduled'
     AND m.is_current = 1 AND m.status = 'active' AND m.cancel_at_period_end = 0;

  CALL RecordMembershipChanges(in_items, in_now);
END;

CREATE PROCEDURE `ClaimDueMemberships`(IN in_now DATETIME(3), IN in_limit INT)
    READS SQL DATA
BEGIN
  SELECT STRAIGHT_JOIN u.user_id, u.user_no, u.membership_version,
         m.membership_id, m.status, m.cycle,
         m.tier, m.monthly_credits, m.tier_rank, m.anchor, m.first_period, m.rollover_cap, m.on_expiry,
         m.pending_tier, m.pending_monthly_credits, m.pending_tier_rank, m.pending_anchor, m.pending_first_period,
         m.pending_rollover_cap, m.pending_on_expiry, m.pending_cycle,
         m.started_at, m.period_start, m.period_end, m.expires_at, m.cancel_at_period_end, m.ended_at,
         m.due_at, m.ends_at
    FROM memberships m
    JOIN users u ON u.user_id = m.user_id
   WHERE m.due_at <= in_now
   ORDER BY m.due_at
   LIMIT in_limit
     FOR UPDATE SKIP LOCKED;
END;

CREATE PROCEDURE `EndMembership`(IN in_items JSON, IN in_now DATETIME(3))
    MODIFIES SQL DATA
BEGIN
  UPDATE JSON_TABLE(in_items, '$[*]' COLUMNS (
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           expected_version BIGINT PATH '$.expectedVersion',
           change_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.changeId',
           change_kind VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.change')) i
    STRAIGHT_JOIN memberships m ON m.user_id = i.user_id
    STRAIGHT_JOIN users u ON u.user_id = m.user_id AND u.membership_version = i.expected_version
     SET m.version = i.expected_version + 1,
         m.change_id = i.change_id,
         m.status = 'ended',
         m.ended_at = in_now,
         m.updated_at = in_now
   WHERE i.change_kind = 'ended' AND m.is_current = 1 AND m.status = 'active';

  CALL RecordMembershipChanges(in_items, in_now);
END;

CREATE PROCEDURE `ExpireMemberships`(IN in_items JSON, IN in_now DATETIME(3))
    MODIFIES SQL DATA
BEGIN
  UPDATE JSON_TABLE(in_items, '$[*]' COLUMNS (
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           expected_version BIGINT PATH '$.expectedVersion',
           change_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.changeId',
           change_kind VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.change')) i
    STRAIGHT_JOIN memberships m ON m.user_id = i.user_id AND i.change_kind IN ('expired', 'cancelled')
    STRAIGHT_JOIN users u ON u.user_id = m.user_id AND u.membership_version = i.expected_version
     SET m.version = i.expected_version + 1,
         m.change_id = i.change_id,
         m.status = i.change_kind,
         -- least of the two ends, not ends_at itself: that is computed from status, which this statement changes.
         m.ended_at = CASE WHEN m.cancel_at_period_end = 1 AND (m.expires_at IS NULL OR m.period_end < m.expires_at)
                           THEN m.period_end ELSE m.expires_at END,
         m.updated_at = in_now
   WHERE m.is_current = 1 AND m.status = 'active' AND m.ends_at <= in_now;

  CALL RecordMembershipChanges(in_items, in_now);
END;

CREATE PROCEDURE `FindMembershipRequests`(IN in_items JSON)
    READS SQL DATA
BEGIN
  SELECT r.user_id, r.operation, r.request_key, r.request_hash, r.response
    FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           operation VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.operation',
           request_key VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin PATH '$.key')) i
    JOIN membership_requests r
      ON r.user_id = i.user_id AND r.operation = i.operation AND r.request_key = i.request_key;
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

CREATE PROCEDURE `LockMemberships`(IN in_user_ids JSON)
    READS SQL DATA
BEGIN
  SELECT STRAIGHT_JOIN u.user_id, u.user_no, u.membership_version,
         m.membership_id, m.status, m.cycle,
         m.tier, m.monthly_credits, m.tier_rank, m.anchor, m.first_period, m.rollover_cap, m.on_expiry,
         m.pending_tier, m.pending_monthly_credits, m.pending_tier_rank, m.pending_anchor, m.pending_first_period,
         m.pending_rollover_cap, m.pending_on_expiry, m.pending_cycle,
         m.started_at, m.period_start, m.period_end, m.expires_at, m.cancel_at_period_end, m.ended_at,
         m.due_at, m.ends_at
    -- The LIMIT keeps the derived table, and with it the order in which the locks are taken; MySQL also refuses to lock
    -- a query with JSON_TABLE at its top.
    FROM (SELECT j.user_id
            FROM JSON_TABLE(in_user_ids, '$[*]' COLUMNS (
                   user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$')) j
           ORDER BY j.user_id
           LIMIT 1000) i
    JOIN users u ON u.user_id = i.user_id
    LEFT JOIN memberships m ON m.user_id = u.user_id AND m.is_current = 1
     FOR UPDATE;
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

CREATE PROCEDURE `RecordMembershipChanges`(IN in_items JSON, IN in_now DATETIME(3))
    MODIFIES SQL DATA
BEGIN
  -- STRAIGHT_JOIN from the items, here and wherever rows are written: a small table the optimiser would rather scan, and
  -- so wait for every row that somebody else has locked.
  UPDATE JSON_TABLE(in_items, '$[*]' COLUMNS (
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           expected_version BIGINT PATH '$.expectedVersion',
           change_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.changeId')) i
    STRAIGHT_JOIN users u ON u.user_id = i.user_id
    STRAIGHT_JOIN memberships m ON m.user_id = u.user_id AND m.is_current = 1 AND m.change_id = i.change_id
     SET u.membership_version = m.version
   WHERE u.membership_version = i.expected_version;

  INSERT INTO membership_history
    (user_id, version, change_id, membership_id, change_kind, actor, reason, state, occurred_at)
  SELECT STRAIGHT_JOIN s.user_id, s.version, s.change_id, s.membership_id, i.change_kind, i.actor, i.reason, s.state, in_now
    FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           change_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.changeId',
           change_kind VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.change',
           actor VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.actor',
           reason VARCHAR(1000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.reason')) i
    JOIN membership_state s ON s.user_id = i.user_id AND s.is_current = 1 AND s.change_id = i.change_id
   WHERE i.change_kind <> 'unchanged';

  INSERT INTO outbox (event_id, topic, type, subject, occurred_at, payload, traceparent)
  SELECT STRAIGHT_JOIN h.change_id, 'membership.v1', 'stipend.membership.v1.MembershipChanged', h.user_id, in_now,
         JSON_OBJECT(
           'userId', h.user_id,
           'version', h.version,
           'change', CONCAT('MEMBERSHIP_CHANGE_', UPPER(h.change_kind)),
           'membership', JSON_EXTRACT(h.state, '$'),
           'actor', h.actor,
           'reason', h.reason,
           'occurredAt', DATE_FORMAT(in_now, '%Y-%m-%dT%H:%i:%s.%fZ')),
         i.traceparent
    FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
           ord FOR ORDINALITY,
           change_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.changeId',
           traceparent VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.traceparent')) i
    JOIN membership_history h ON h.change_id = i.change_id
   ORDER BY i.ord;

  INSERT INTO outbox (event_id, topic, type, subject, occurred_at, payload, traceparent)
  SELECT STRAIGHT_JOIN i.audit_id, 'admin.v1', 'stipend.admin.v1.AdminActionRecorded', i.user_id, in_now,
         JSON_OBJECT(
           'id', i.audit_id,
           'service', 'membership',
           'actor', i.actor,
           'roles', JSON_EXTRACT(i.roles, '$'),
           'action', i.action,
           'target', i.user_id,
           'outcome', 'succeeded',
           'reason', i.reason,
           'before', COALESCE(i.state_before, ''),
           'after', COALESCE(i.state_after, ''),
           'ip', COALESCE(i.ip, ''),
           'userAgent', COALESCE(i.user_agent, ''),
           'requestId', COALESCE(i.request_id, ''),
           'traceId', COALESCE(i.trace_id, ''),
           'occurredAt', DATE_FORMAT(in_now, '%Y-%m-%dT%H:%i:%s.%fZ')),
         i.traceparent
    FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
           ord FOR ORDINALITY,
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           change_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.changeId',
           change_kind VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.change',
           actor VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.actor',
           reason VARCHAR(1000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.reason',
           traceparent VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.traceparent',
           audit_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.admin.id',
           roles JSON PATH '$.admin.roles',
           action VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.admin.action',
           state_before TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.admin.before',
           state_after TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.admin.after',
           ip VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.admin.ip',
           user_agent VARCHAR(1000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.admin.userAgent',
           request_id VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.admin.requestId',
           trace_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.admin.traceId')) i
    LEFT JOIN membership_history h ON h.change_id = i.change_id
   WHERE i.audit_id IS NOT NULL AND (h.change_id IS NOT NULL OR i.change_kind = 'unchanged')
   ORDER BY i.ord;

  INSERT INTO membership_requests (user_id, operation, request_key, request_hash, response, created_at)
  SELECT STRAIGHT_JOIN i.user_id, i.operation, i.request_key, i.request_hash, JSON_EXTRACT(i.response, '$'), in_now
    FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           change_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.changeId',
           change_kind VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.change',
           operation VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.request.operation',
           request_key VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin PATH '$.request.key',
           request_hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.request.hash',
           response JSON PATH '$.request.response')) i
    LEFT JOIN membership_history h ON h.change_id = i.change_id
   WHERE i.request_key IS NOT NULL AND (h.change_id IS NOT NULL OR i.change_kind = 'unchanged');

  SELECT STRAIGHT_JOIN i.ord - 1 AS idx, i.user_id, u.membership_version AS version,
         CASE WHEN h.change_id IS NOT NULL THEN 'changed'
              WHEN i.change_kind = 'unchanged' THEN 'unchanged'
              WHEN u.user_id IS NULL THEN 'unknown_user'
              WHEN u.membership_version <> i.expected_version THEN 'version_conflict'
              ELSE 'transition_not_allowed' END AS outcome
    FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
           ord FOR ORDINALITY,
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           expected_version BIGINT PATH '$.expectedVersion',
           change_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.changeId',
           change_kind VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.change')) i
    LEFT JOIN users u ON u.user_id = i.user_id
    LEFT JOIN membership_history h ON h.change_id = i.change_id AND h.user_id = i.user_id
   ORDER BY i.ord;
END;

CREATE PROCEDURE `RemindExpiring`(IN in_days JSON, IN in_run_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin,
                                IN in_limit INT, IN in_now DATETIME(3))
    MODIFIES SQL DATA
BEGIN
  DECLARE v_recorded BIGINT DEFAULT 0;
  DECLARE v_sent BIGINT DEFAULT 0;
  DECLARE v_horizon DATETIME(3);

  SELECT in_now + INTERVAL MAX(d.days) DAY INTO v_horizon
    FROM JSON_TABLE(in_days, '$[*]' COLUMNS (days INT PATH '$')) d;

  INSERT INTO membership_reminders (membership_id, ends_at, days_left, run_id, sent, created_at)
  SELECT due.membership_id, due.ends_at, due.days, in_run_id, due.nearest = 1, in_now
    FROM (
      SELECT m.membership_id, m.ends_at, d.days, r.membership_id AS told,
             ROW_NUMBER() OVER (PARTITION BY m.membership_id ORDER BY d.days) AS nearest
        FROM memberships m
        JOIN JSON_TABLE(in_days, '$[*]' COLUMNS (days INT PATH '$')) d
          ON m.ends_at <= in_now + INTERVAL d.days DAY
         AND m.end_agreed_at <= m.ends_at - INTERVAL d.days DAY
        LEFT JOIN membership_reminders r
          ON r.membership_id = m.membership_id AND r.ends_at = m.ends_at AND r.days_left = d.days
       WHERE m.ends_at > in_now AND m.ends_at <= v_horizon) due
   WHERE due.told IS NULL
   ORDER BY due.ends_at, due.membership_id, due.days
   LIMIT in_limit
      ON DUPLICATE KEY UPDATE run_id = membership_reminders.run_id;

  SELECT COUNT(*), COALESCE(SUM(r.sent), 0) INTO v_recorded, v_sent
    FROM membership_reminders r
   WHERE r.run_id = in_run_id;

  INSERT INTO outbox (event_id, topic, type, subject, occurred_at, payload, traceparent)
  SELECT UUID(), 'membership.v1', 'stipend.membership.v1.MembershipExpiring', m.user_id, in_now,
         JSON_OBJECT(
           'userId', m.user_id,
           'membershipId', m.membership_id,
           'tier', m.tier,
           'daysLeft', r.days_left,
           'endsAt', DATE_FORMAT(r.ends_at, '%Y-%m-%dT%H:%i:%s.%fZ'),
           'occurredAt', DATE_FORMAT(in_now, '%Y-%m-%dT%H:%i:%s.%fZ')),
         NULL
    FROM membership_reminders r
    JOIN memberships m ON m.membership_id = r.membership_id
   WHERE r.run_id = in_run_id AND r.sent = 1;

  SELECT v_recorded AS recorded, CAST(v_sent AS SIGNED) AS sent;
END;

CREATE PROCEDURE `RenewMemberships`(IN in_items JSON, IN in_now DATETIME(3))
    MODIFIES SQL DATA
BEGIN
  UPDATE JSON_TABLE(in_items, '$[*]' COLUMNS (
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           expected_version BIGINT PATH '$.expectedVersion',
           change_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.changeId',
           period_start DATETIME(3) PATH '$.periodStart',
           period_end DATETIME(3) PATH '$.periodEnd')) i
    STRAIGHT_JOIN memberships m ON m.user_id = i.user_id
    STRAIGHT_JOIN users u ON u.user_id = m.user_id AND u.membership_version = i.expected_version
     SET m.version = i.expected_version + 1,
         m.change_id = i.change_id,
         m.cycle = COALESCE(m.pending_cycle, m.cycle),
         m.tier = COALESCE(m.pending_tier, m.tier),
         m.monthly_credits = COALESCE(m.pending_monthly_credits, m.monthly_credits),
         m.tier_rank = COALESCE(m.pending_tier_rank, m.tier_rank),
         m.anchor = COALESCE(m.pending_anchor, m.anchor),
         m.first_period = COALESCE(m.pending_first_period, m.first_period),
         m.rollover_cap = COALESCE(m.pending_rollover_cap, m.rollover_cap),
         m.on_expiry = COALESCE(m.pending_on_expiry, m.on_expiry),
         m.period_start = i.period_start,
         m.period_end = i.period_end,
         m.updated_at = in_now
   WHERE m.is_current = 1 AND m.status = 'active' AND m.cancel_at_period_end = 0
     AND m.period_end <= in_now AND (m.expires_at IS NULL OR m.expires_at > m.period_end)
     AND i.period_start >= m.period_end AND (i.period_end > in_now OR i.period_end >= m.expires_at);

  -- A statement of its own: the order in which one UPDATE over several tables assigns its columns is not promised.
  UPDATE JSON_TABLE(in_items, '$[*]' COLUMNS (
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           change_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.changeId')) i
    STRAIGHT_JOIN memberships m ON m.user_id = i.user_id AND i.change_id = m.change_id
     SET m.pending_tier = NULL, m.pending_monthly_credits = NULL, m.pending_tier_rank = NULL, m.pending_anchor = NULL,
         m.pending_first_period = NULL, m.pending_rollover_cap = NULL, m.pending_on_expiry = NULL,
         m.pending_cycle = NULL
   WHERE m.is_current = 1 AND (m.pending_tier IS NOT NULL OR m.pending_cycle IS NOT NULL);

  CALL RecordMembershipChanges(in_items, in_now);
END;

CREATE PROCEDURE `RepairBalances`(IN in_items JSON, IN in_now DATETIME(3))
    MODIFIES SQL DATA
BEGIN
  DECLARE v_judged JSON;

  SELECT COALESCE(JSON_ARRAYAGG(JSON_OBJECT('userId', j.user_id, 'outcome', j.outcome)), JSON_ARRAY()) INTO v_judged
    FROM (
      SELECT i.user_id,
             CASE WHEN b.user_id IS NULL THEN 'unknown_user'
                  WHEN b.version = i.seen_version AND b.balance = i.seen_balance AND b.held = i.seen_held THEN 'repaired'
                  ELSE 'changed_meanwhile' END AS outcome
        FROM (SELECT x.user_id, x.seen_version, x.seen_balance, x.seen_held
                FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
                       user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
                       seen_version BIGINT PATH '$.seen.version',
                       seen_balance BIGINT PATH '$.seen.balance',
                       seen_held BIGINT PATH '$.seen.held')) x
               ORDER BY x.user_id
               LIMIT 1000) i
        LEFT JOIN member_balances b ON b.user_id = i.user_id
         FOR UPDATE) j;

  INSERT INTO outbox (event_id, topic, type, subject, occurred_at, payload, traceparent)
  SELECT i.audit_id, 'admin.v1', 'stipend.admin.v1.AdminActionRecorded', i.user_id, in_now,
         JSON_OBJECT(
           'id', i.audit_id,
           'service', 'membership',
           'actor', i.actor,
           'roles', JSON_EXTRACT(i.roles, '$'),
           'action', 'view.repair',
           'target', i.user_id,
           'outcome', 'succeeded',
           'reason', i.reason,
           'before', CAST(JSON_OBJECT('viewBalance', b.balance, 'viewHeld', b.held, 'viewVersion', b.version) AS CHAR),
           'after', CAST(JSON_OBJECT('viewBalance', i.balance, 'viewHeld', i.held, 'viewVersion', i.version) AS CHAR),
           'ip', COALESCE(i.ip, ''),
           'userAgent', COALESCE(i.user_agent, ''),
           'requestId', COALESCE(i.request_id, ''),
           'traceId', COALESCE(i.trace_id, ''),
           'occurredAt', DATE_FORMAT(in_now, '%Y-%m-%dT%H:%i:%s.%fZ')),
         i.traceparent
    FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           version BIGINT PATH '$.version',
           balance BIGINT PATH '$.balance',
           held BIGINT PATH '$.held',
           reason VARCHAR(1000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.reason',
           traceparent VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.traceparent',
           audit_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.admin.id',
           actor VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.admin.actor',
           roles JSON PATH '$.admin.roles',
           ip VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.admin.ip',
           user_agent VARCHAR(1000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.admin.userAgent',
           request_id VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.admin.requestId',
           trace_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.admin.traceId')) i
    JOIN JSON_TABLE(v_judged, '$[*]' COLUMNS (
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           outcome VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin PATH '$.outcome')) j
      ON j.user_id = i.user_id AND j.outcome = 'repaired'
    JOIN member_balances b ON b.user_id = i.user_id
   ORDER BY i.user_id;

  UPDATE member_balances b
    JOIN JSON_TABLE(in_items, '$[*]' COLUMNS (
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           version BIGINT PATH '$.version',
           balance BIGINT PATH '$.balance',
           held BIGINT PATH '$.held',
           account_status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.status')) i ON i.user_id = b.user_id
    JOIN JSON_TABLE(v_judged, '$[*]' COLUMNS (
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           outcome VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin PATH '$.outcome')) j
      ON j.user_id = i.user_id AND j.outcome = 'repaired'
     SET b.balance = i.balance, b.held = i.held, b.account_status = i.account_status, b.version = i.version,
         b.told_at = in_now;

  SELECT j.user_id, j.outcome
    FROM JSON_TABLE(v_judged, '$[*]' COLUMNS (
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           outcome VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin PATH '$.outcome')) j;
END;

CREATE PROCEDURE `ResumeMembership`(IN in_items JSON, IN in_now DATETIME(3))
    MODIFIES SQL DATA
BEGIN
  UPDATE JSON_TABLE(in_items, '$[*]' COLUMNS (
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           expected_version BIGINT PATH '$.expectedVersion',
           change_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.changeId',
           change_kind VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.change')) i
    STRAIGHT_JOIN memberships m ON m.user_id = i.user_id
    STRAIGHT_JOIN users u ON u.user_id = m.user_id AND u.membership_version = i.expected_version
     SET m.version = i.expected_version + 1,
         m.change_id = i.change_id,
         m.cancel_at_period_end = 0,
         m.end_agreed_at = CASE WHEN m.expires_at IS NULL THEN NULL ELSE in_now END,
         m.updated_at = in_now
   WHERE i.change_kind = 'resumed'
     AND m.is_current = 1 AND m.status = 'active' AND m.cancel_at_period_end = 1 AND m.period_end > in_now;

  CALL RecordMembershipChanges(in_items, in_now);
END;

CREATE PROCEDURE `RevokeTokens`(
  IN in_items JSON, IN in_most BIGINT, IN in_real_now DATETIME(3), IN in_now DATETIME(3))
    MODIFIES SQL DATA
BEGIN
  DECLARE v_head BIGINT;
  DECLARE v_kept BIGINT;

  SELECT seq INTO v_head FROM revocation_head WHERE head_id = 1 FOR UPDATE;
  DELETE FROM token_revocations WHERE stands_until <= in_real_now ORDER BY stands_until LIMIT 1000;
  SELECT COUNT(*) INTO v_kept FROM token_revocations;

  UPDATE JSON_TABLE(in_items, '$[*]' COLUMNS (
           ord FOR ORDINALITY,
           kind VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin PATH '$.kind',
           subject VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.subject',
           issued_until DATETIME(3) PATH '$.issuedUntil',
           stands_until DATETIME(3) PATH '$.standsUntil',
           revocation_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.revocationId',
           actor VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.admin.actor',
           reason VARCHAR(1000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.reason')) i
    STRAIGHT_JOIN token_revocations t ON t.kind = i.kind AND t.subject = i.subject
     SET t.seq = v_head + i.ord,
         t.issued_until = GREATEST(t.issued_until, i.issued_until),
         t.stands_until = GREATEST(t.stands_until, i.stands_until),
         t.revocation_id = i.revocation_id,
         t.actor = i.actor,
         t.reason = i.reason,
         t.revoked_at = in_real_now;

  INSERT INTO token_revocations
    (kind, subject, seq, issued_until, stands_until, revocation_id, actor, reason, revoked_at)
  SELECT i.kind, i.subject, v_head + i.ord, i.issued_until, i.stands_until, i.revocation_id, i.actor, i.reason,
         in_real_now
    FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
           ord FOR ORDINALITY,
           kind VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin PATH '$.kind',
           subject VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.subject',
           issued_until DATETIME(3) PATH '$.issuedUntil',
           stands_until DATETIME(3) PATH '$.standsUntil',
           revocation_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.revocationId',
           actor VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.admin.actor',
           reason VARCHAR(1000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.reason')) i
    LEFT JOIN token_revocations t ON t.kind = i.kind AND t.subject = i.subject
   WHERE t.subject IS NULL AND v_kept + i.ord <= in_most;

  UPDATE revocation_head SET seq = v_head + JSON_LENGTH(in_items) WHERE head_id = 1;

  INSERT INTO outbox (event_id, topic, type, subject, occurred_at, payload, traceparent)
  SELECT i.audit_id, 'admin.v1', 'stipend.admin.v1.AdminActionRecorded', i.subject, in_now,
         JSON_OBJECT(
           'id', i.audit_id,
           'service', 'membership',
           'actor', i.actor,
           'roles', JSON_EXTRACT(i.roles, '$'),
           'action', CONCAT(i.kind, '.tokens.revoke'),
           'target', i.subject,
           'outcome', 'succeeded',
           'reason', t.reason,
           'before', '',
           'after', CAST(JSON_OBJECT(
             'issuedUntil', DATE_FORMAT(t.issued_until, '%Y-%m-%dT%H:%i:%s.%fZ'),
             'standsUntil', DATE_FORMAT(t.stands_until, '%Y-%m-%dT%H:%i:%s.%fZ')) AS CHAR),
           'ip', COALESCE(i.ip, ''),
           'userAgent', COALESCE(i.user_agent, ''),
           'requestId', COALESCE(i.request_id, ''),
           'traceId', COALESCE(i.trace_id, ''),
           'occurredAt', DATE_FORMAT(in_now, '%Y-%m-%dT%H:%i:%s.%fZ')),
         i.traceparent
    FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
           ord FOR ORDINALITY,
           kind VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin PATH '$.kind',
           subject VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.subject',
           revocation_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.revocationId',
           traceparent VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.traceparent',
           audit_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.admin.id',
           actor VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.admin.actor',
           roles JSON PATH '$.admin.roles',
           ip VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.admin.ip',
           user_agent VARCHAR(1000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.admin.userAgent',
           request_id VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.admin.requestId',
           trace_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.admin.traceId')) i
    JOIN token_revocations t ON t.kind = i.kind AND t.subject = i.subject AND t.revocation_id = i.revocation_id
   ORDER BY i.ord;

  SELECT i.ord - 1 AS idx, CASE WHEN t.subject IS NULL THEN 'full' ELSE 'revoked' END AS outcome,
         t.kind, t.subject, t.seq, t.issued_until, t.stands_until, t.revocation_id, t.actor, t.reason, t.revoked_at
    FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
           ord FOR ORDINALITY,
           kind VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin PATH '$.kind',
           subject VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.subject')) i
    LEFT JOIN token_revocations t ON t.kind = i.kind AND t.subject = i.subject
   ORDER BY i.ord;
END;

CREATE PROCEDURE `SeeUsers`(IN in_users JSON, IN in_now DATETIME(3))
    MODIFIES SQL DATA
BEGIN
  DECLARE v_created BIGINT DEFAULT 0;

  INSERT INTO users (user_id, email, name, first_seen_at)
  SELECT i.user_id, i.email, i.name, in_now
    FROM JSON_TABLE(in_users, '$[*]' COLUMNS (
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           email VARCHAR(320) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.email',
           name VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.name')) i
    LEFT JOIN users u ON u.user_id = i.user_id
   WHERE u.user_id IS NULL
   ORDER BY i.user_id
      ON DUPLICATE KEY UPDATE user_id = users.user_id;
  SET v_created = ROW_COUNT();

  INSERT INTO member_balances (user_id, user_no, balance, held, account_status, version, told_at)
  SELECT u.user_id, u.user_no, 0, 0, 'active', 0, NULL
    FROM JSON_TABLE(in_users, '$[*]' COLUMNS (
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId')) i
    JOIN users u ON u.user_id = i.user_id
    LEFT JOIN member_balances b ON b.user_id = u.user_id
   WHERE b.user_id IS NULL
   ORDER BY u.user_id
      ON DUPLICATE KEY UPDATE user_id = member_balances.user_id;

  DELETE t
    FROM JSON_TABLE(in_users, '$[*]' COLUMNS (
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           email VARCHAR(320) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.email',
           name VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.name')) i
    STRAIGHT_JOIN users u ON u.user_id = i.user_id
    STRAIGHT_JOIN user_terms t ON t.user_no = u.user_no
   WHERE (t.source = 'email' AND i.email IS NOT NULL AND NOT (u.email <=> i.email))
      OR (t.source = 'name' AND i.name IS NOT NULL AND NOT (u.name <=> i.name));

  UPDATE JSON_TABLE(in_users, '$[*]' COLUMNS (
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           email VARCHAR(320) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.email',
           name VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.name')) i
    STRAIGHT_JOIN users u ON u.user_id = i.user_id
     SET u.email = COALESCE(i.email, u.email),
         u.name = COALESCE(i.name, u.name)
   WHERE (i.email IS NOT NULL AND NOT (u.email <=> i.email))
      OR (i.name IS NOT NULL AND NOT (u.name <=> i.name));

  INSERT INTO user_terms (term, user_no, source)
  SELECT DISTINCT i.term, u.user_no, i.source
    FROM JSON_TABLE(in_users, '$[*]' COLUMNS (
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           NESTED PATH '$.terms[*]' COLUMNS (
             source VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin PATH '$.source',
             term VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.term'))) i
    JOIN users u ON u.user_id = i.user_id
    LEFT JOIN user_terms t ON t.term = i.term AND t.user_no = u.user_no AND t.source = i.source
   WHERE i.term IS NOT NULL AND t.term IS NULL
   ORDER BY i.term, u.user_no
      ON DUPLICATE KEY UPDATE user_no = user_terms.user_no;

  SELECT v_created AS created;
END;

CREATE PROCEDURE `SetMembership`(IN in_items JSON, IN in_now DATETIME(3))
    MODIFIES SQL DATA
BEGIN
  UPDATE JSON_TABLE(in_items, '$[*]' COLUMNS (
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           expected_version BIGINT PATH '$.expectedVersion',
           change_kind VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.change')) i
    STRAIGHT_JOIN memberships m ON m.user_id = i.user_id AND i.change_kind = 'started'
    STRAIGHT_JOIN users u ON u.user_id = m.user_id AND u.membership_version = i.expected_version
     SET m.is_current = NULL
   WHERE m.is_current = 1 AND m.status <> 'active';

  INSERT INTO memberships
    (membership_id, user_id, user_no, is_current, version, change_id, status, cycle,
     tier, monthly_credits, tier_rank, anchor, first_period, rollover_cap, on_expiry,
     started_at, period_start, period_end, expires_at, cancel_at_period_end, end_agreed_at, updated_at)
  SELECT i.membership_id, u.user_id, u.user_no, 1, i.expected_version + 1, i.change_id, 'active', i.cycle,
         i.tier, i.monthly_credits, i.tier_rank, i.anchor, i.first_period, i.rollover_cap, i.on_expiry,
         i.started_at, i.period_start, i.period_end, i.expires_at, 0,
         CASE WHEN i.expires_at IS NULL THEN NULL ELSE in_now END, in_now
    FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           expected_version BIGINT PATH '$.expectedVersion',
           change_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.changeId',
           change_kind VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.change',
           membership_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.membershipId',
           cycle VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.cycle',
           tier VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.terms.tier',
           monthly_credits BIGINT PATH '$.terms.monthlyCredits',
           tier_rank INT PATH '$.terms.rank',
           anchor VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.terms.anchor',
           first_period VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.terms.firstPeriod',
           rollover_cap BIGINT PATH '$.terms.rolloverCap',
           on_expiry VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.terms.onExpiry',
           started_at DATETIME(3) PATH '$.startedAt',
           period_start DATETIME(3) PATH '$.periodStart',
           period_end DATETIME(3) PATH '$.periodEnd',
           expires_at DATETIME(3) PATH '$.expiresAt')) i
    JOIN users u ON u.user_id = i.user_id AND u.membership_version = i.expected_version
    LEFT JOIN memberships c ON c.user_id = u.user_id AND c.is_current = 1
   WHERE i.change_kind = 'started' AND c.user_id IS NULL;

  UPDATE JSON_TABLE(in_items, '$[*]' COLUMNS (
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           expected_version BIGINT PATH '$.expectedVersion',
           change_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.changeId',
           change_kind VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.change',
           membership_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.membershipId',
           cycle VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.cycle',
           tier VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.terms.tier',
           monthly_credits BIGINT PATH '$.terms.monthlyCredits',
           tier_rank INT PATH '$.terms.rank',
           anchor VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.terms.anchor',
           first_period VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.terms.firstPeriod',
           rollover_cap BIGINT PATH '$.terms.rolloverCap',
           on_expiry VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.terms.onExpiry',
           pending_tier VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.pendingTerms.tier',
           pending_monthly_credits BIGINT PATH '$.pendingTerms.monthlyCredits',
           pending_tier_rank INT PATH '$.pendingTerms.rank',
           pending_anchor VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.pendingTerms.anchor',
           pending_first_period VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.pendingTerms.firstPeriod',
           pending_rollover_cap BIGINT PATH '$.pendingTerms.rolloverCap',
           pending_on_expiry VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.pendingTerms.onExpiry',
           pending_cycle VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.pendingCycle',
           period_start DATETIME(3) PATH '$.periodStart',
           period_end DATETIME(3) PATH '$.periodEnd',
           expires_at DATETIME(3) PATH '$.expiresAt',
           cancel_at_period_end TINYINT PATH '$.cancelAtPeriodEnd',
           end_changed TINYINT PATH '$.endChanged')) i
    STRAIGHT_JOIN memberships m ON m.user_id = i.user_id AND i.membership_id = m.membership_id
    STRAIGHT_JOIN users u ON u.user_id = m.user_id AND u.membership_version = i.expected_version
     SET m.version = i.expected_version + 1,
         m.change_id = i.change_id,
         m.cycle = i.cycle,
         m.tier = i.tier,
         m.monthly_credits = i.monthly_credits,
         m.tier_rank = i.tier_rank,
         m.anchor = i.anchor,
         m.first_period = i.first_period,
         m.rollover_cap = i.rollover_cap,
         m.on_expiry = i.on_expiry,
         m.pending_tier = i.pending_tier,
         m.pending_monthly_credits = i.pending_monthly_credits,
         m.pending_tier_rank = i.pending_tier_rank,
         m.pending_anchor = i.pending_anchor,
         m.pending_first_period = i.pending_first_period,
         m.pending_rollover_cap = i.pending_rollover_cap,
         m.pending_on_expiry = i.pending_on_expiry,
         m.pending_cycle = i.pending_cycle,
         m.period_start = i.period_start,
         m.period_end = i.period_end,
         m.expires_at = i.expires_at,
         m.cancel_at_period_end = i.cancel_at_period_end,
         m.end_agreed_at = CASE WHEN i.end_changed = 1 THEN in_now ELSE m.end_agreed_at END,
         m.updated_at = in_now
   WHERE m.is_current = 1 AND m.status = 'active' AND i.change_kind NOT IN ('started', 'unchanged');

  CALL RecordMembershipChanges(in_items, in_now);
END;

CREATE PROCEDURE `SetTier`(IN in_items JSON, IN in_now DATETIME(3))
    MODIFIES SQL DATA
BEGIN
  UPDATE JSON_TABLE(in_items, '$[*]' COLUMNS (
           tier VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.tier',
           display_name VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.displayName',
           monthly_credits BIGINT PATH '$.monthlyCredits',
           tier_rank INT PATH '$.rank',
           anchor VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.anchor',
           first_period VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.firstPeriod',
           rollover_cap BIGINT PATH '$.rolloverCap',
           on_expiry VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.onExpiry',
           features JSON PATH '$.features',
           offered TINYINT PATH '$.offered',
           expected_version BIGINT PATH '$.expectedVersion',
           change_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.changeId')) i
    STRAIGHT_JOIN membership_tiers t ON t.tier = i.tier
     SET t.display_name = i.display_name,
         t.monthly_credits = i.monthly_credits,
         t.tier_rank = i.tier_rank,
         t.anchor = i.anchor,
         t.first_period = i.first_period,
         t.rollover_cap = i.rollover_cap,
         t.on_expiry = i.on_expiry,
         t.features = i.features,
         t.offered = i.offered,
         t.version = i.expected_version + 1,
         t.change_id = i.change_id,
         t.updated_at = in_now
   WHERE t.version = i.expected_version;

  INSERT INTO membership_tiers
    (tier, display_name, monthly_credits, tier_rank, anchor, first_period, rollover_cap, on_expiry, features, offered,
     version, change_id, updated_at)
  SELECT i.tier, i.display_name, i.monthly_credits, i.tier_rank, i.anchor, i.first_period, i.rollover_cap, i.on_expiry,
         i.features, i.offered, 1, i.change_id, in_now
    FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
           tier VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.tier',
           display_name VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.displayName',
           monthly_credits BIGINT PATH '$.monthlyCredits',
           tier_rank INT PATH '$.rank',
           anchor VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.anchor',
           first_period VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.firstPeriod',
           rollover_cap BIGINT PATH '$.rolloverCap',
           on_expiry VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.onExpiry',
           features JSON PATH '$.features',
           offered TINYINT PATH '$.offered',
           expected_version BIGINT PATH '$.expectedVersion',
           change_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.changeId')) i
   WHERE i.expected_version = 0
   ORDER BY i.tier
      ON DUPLICATE KEY UPDATE tier = membership_tiers.tier;

  INSERT INTO outbox (event_id, topic, type, subject, occurred_at, payload, traceparent)
  SELECT i.audit_id, 'admin.v1', 'stipend.admin.v1.AdminActionRecorded', i.tier, in_now,
         JSON_OBJECT(
           'id', i.audit_id,
           'service', 'membership',
           'actor', i.actor,
           'roles', JSON_EXTRACT(i.roles, '$'),
           'action', 'tier.set',
           'target', i.tier,
           'outcome', 'succeeded',
           'reason', i.reason,
           'before', COALESCE(i.state_before, ''),
           'after', COALESCE(i.state_after, ''),
           'ip', COALESCE(i.ip, ''),
           'userAgent', COALESCE(i.user_agent, ''),
           'requestId', COALESCE(i.request_id, ''),
           'traceId', COALESCE(i.trace_id, ''),
           'occurredAt', DATE_FORMAT(in_now, '%Y-%m-%dT%H:%i:%s.%fZ')),
         i.traceparent
    FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
           ord FOR ORDINALITY,
           tier VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.tier',
           change_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.changeId',
           traceparent VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.traceparent',
           audit_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.admin.id',
           actor VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.admin.actor',
           roles JSON PATH '$.admin.roles',
           reason VARCHAR(1000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.admin.reason',
           state_before TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.admin.before',
           state_after TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.admin.after',
           ip VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.admin.ip',
           user_agent VARCHAR(1000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.admin.userAgent',
           request_id VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.admin.requestId',
           trace_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.admin.traceId')) i
    JOIN membership_tiers t ON t.tier = i.tier AND t.change_id = i.change_id
   ORDER BY i.ord;

  SELECT i.ord - 1 AS idx, i.tier, t.version,
         CASE WHEN t.change_id = i.change_id THEN 'changed' ELSE 'version_conflict' END AS outcome
    FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
           ord FOR ORDINALITY,
           tier VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.tier',
           change_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.changeId')) i
    LEFT JOIN membership_tiers t ON t.tier = i.tier
   ORDER BY i.ord;
END;

CREATE TRIGGER membership_history_no_delete BEFORE DELETE ON membership_history FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'membership_history is append-only: DELETE refused';

CREATE TRIGGER membership_history_no_update BEFORE UPDATE ON membership_history FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'membership_history is append-only: UPDATE refused';
