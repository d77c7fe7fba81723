-- Dumped from MariaDB. Made by dumpSchema; do not edit.

CREATE TABLE `credit_approvals` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `user_id` varchar(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `operation` varchar(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `amount` bigint(20) NOT NULL,
  `request` longtext NOT NULL CHECK (json_valid(`request`)),
  `request_key` varchar(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `request_hash` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `reason` varchar(500) NOT NULL,
  `proposed_by` varchar(128) NOT NULL,
  `proposed_at` datetime(3) NOT NULL,
  `expires_at` datetime(3) NOT NULL,
  `status` enum('pending','approved','rejected') NOT NULL DEFAULT 'pending',
  `decided_by` varchar(128) DEFAULT NULL,
  `decided_at` datetime(3) DEFAULT NULL,
  `decision_reason` varchar(500) DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `credit_approvals_request` (`user_id`,`operation`,`request_key`),
  KEY `credit_approvals_status` (`status`,`id`),
  CONSTRAINT `credit_approvals_amount` CHECK (`amount` <> 0),
  CONSTRAINT `credit_approvals_decided` CHECK (`status` = 'pending' = (`decided_by` is null)),
  CONSTRAINT `credit_approvals_four_eyes` CHECK (`status` <> 'approved' or `decided_by` <> `proposed_by`),
  CONSTRAINT `credit_approvals_operation` CHECK (`operation` in ('grant','adjust','refund','purchase','repair'))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `credit_grants` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `user_id` varchar(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `origin_version` bigint(20) NOT NULL,
  `kind` enum('allowance','package','bonus','purchase','refund','adjustment') NOT NULL,
  `state` enum('open','spent','ending','ended') NOT NULL DEFAULT 'open',
  `amount` bigint(20) NOT NULL,
  `remaining` bigint(20) NOT NULL,
  `reserved` bigint(20) NOT NULL DEFAULT 0,
  `priority` smallint(6) NOT NULL,
  `expires_at` datetime(3) DEFAULT NULL,
  `created_at` datetime(3) NOT NULL,
  `renewed_version` bigint(20) NOT NULL DEFAULT 0,
  PRIMARY KEY (`id`),
  UNIQUE KEY `credit_grants_origin` (`user_id`,`origin_version`),
  KEY `credit_grants_state` (`user_id`,`state`),
  CONSTRAINT `credit_grants_amount` CHECK (`amount` > 0),
  CONSTRAINT `credit_grants_remaining` CHECK (`remaining` >= 0),
  CONSTRAINT `credit_grants_reserved` CHECK (`reserved` >= 0 and `reserved` <= `remaining`),
  CONSTRAINT `credit_grants_priority` CHECK (`priority` between 0 and 1000)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `credit_holds` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `user_id` varchar(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `origin_version` bigint(20) NOT NULL,
  `status` enum('open','captured','released','expired') NOT NULL DEFAULT 'open',
  `amount` bigint(20) NOT NULL,
  `captured` bigint(20) NOT NULL DEFAULT 0,
  `expires_at` datetime(3) NOT NULL,
  `reason` varchar(500) NOT NULL,
  `feature` varchar(64) DEFAULT NULL,
  `metadata` longtext DEFAULT NULL CHECK (json_valid(`metadata`)),
  `actor` varchar(128) NOT NULL,
  `created_at` datetime(3) NOT NULL,
  `ended_at` datetime(3) DEFAULT NULL,
  `end_version` bigint(20) DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `credit_holds_origin` (`user_id`,`origin_version`),
  KEY `credit_holds_status` (`user_id`,`status`),
  CONSTRAINT `credit_holds_amount` CHECK (`amount` > 0 and `captured` between 0 and `amount`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `credit_packages` (
  `code` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `name` varchar(200) NOT NULL,
  `credits` bigint(20) NOT NULL,
  `price_minor` bigint(20) NOT NULL,
  `currency` char(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `valid_days` int(11) DEFAULT NULL,
  `priority` smallint(6) NOT NULL,
  `requires_membership` tinyint(4) NOT NULL DEFAULT 1,
  `active` tinyint(4) NOT NULL DEFAULT 1,
  `version` bigint(20) NOT NULL DEFAULT 1,
  `updated_at` datetime(3) NOT NULL,
  PRIMARY KEY (`code`),
  CONSTRAINT `credit_packages_credits` CHECK (`credits` between 1 and 1000000000),
  CONSTRAINT `credit_packages_price` CHECK (`price_minor` >= 0),
  CONSTRAINT `credit_packages_days` CHECK (`valid_days` is null or `valid_days` between 1 and 36500),
  CONSTRAINT `credit_packages_priority` CHECK (`priority` between 0 and 1000)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `credit_transactions` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `user_id` varchar(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `version` bigint(20) NOT NULL,
  `type` enum('consume','refund','grant','reset','expire','hold','release','adjust','freeze','unfreeze') NOT NULL,
  `amount` bigint(20) NOT NULL,
  `balance_before` bigint(20) NOT NULL,
  `balance_after` bigint(20) NOT NULL,
  `held_change` bigint(20) NOT NULL,
  `held_after` bigint(20) NOT NULL,
  `status_after` enum('active','frozen') NOT NULL,
  `draws` longtext NOT NULL CHECK (json_valid(`draws`)),
  `reason` varchar(500) NOT NULL,
  `feature` varchar(64) DEFAULT NULL,
  `metadata` longtext DEFAULT NULL CHECK (json_valid(`metadata`)),
  `actor` varchar(128) NOT NULL,
  `related_transaction_id` bigint(20) DEFAULT NULL,
  `hold_id` bigint(20) DEFAULT NULL,
  `grant_id` bigint(20) DEFAULT NULL,
  `grant_kind` varchar(16) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `operation` varchar(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `request_key` varchar(255) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `request_hash` varchar(64) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `period_start` datetime(3) DEFAULT NULL,
  `traceparent` varchar(64) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `credit_transactions_version` (`user_id`,`version`),
  UNIQUE KEY `credit_transactions_request` (`user_id`,`operation`,`request_key`),
  KEY `credit_transactions_related` (`related_transaction_id`),
  CONSTRAINT `credit_transactions_sum` CHECK (`balance_after` = `balance_before` + `amount`),
  CONSTRAINT `credit_transactions_sound` CHECK (`balance_after` >= 0 and `held_after` >= 0 and `held_after` <= `balance_after`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `inbox` (
  `consumer` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `event_id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `received_at` datetime(3) NOT NULL,
  `claim` bigint(20) unsigned NOT NULL,
  PRIMARY KEY (`consumer`,`event_id`),
  KEY `inbox_received` (`received_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `membership_state` (
  `user_id` varchar(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `version` bigint(20) NOT NULL,
  `state` longtext DEFAULT NULL CHECK (json_valid(`state`)),
  `active_until` datetime(3) DEFAULT NULL,
  `received_at` datetime(3) NOT NULL,
  PRIMARY KEY (`user_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `membership_waiting` (
  `user_id` varchar(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `version` bigint(20) NOT NULL,
  `state` longtext DEFAULT NULL CHECK (json_valid(`state`)),
  `occurred_at` datetime(3) NOT NULL,
  `traceparent` varchar(64) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `received_at` datetime(3) NOT NULL,
  PRIMARY KEY (`user_id`,`version`),
  KEY `membership_waiting_since` (`received_at`)
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
  `ledger_version` bigint(20) DEFAULT NULL,
  `entries` longtext DEFAULT NULL CHECK (json_valid(`entries`)),
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

CREATE TABLE `package_purchases` (
  `payment_reference` varchar(191) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `user_id` varchar(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `code` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `claim` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `claim_ord` int(11) NOT NULL,
  `transaction_version` bigint(20) DEFAULT NULL,
  `created_at` datetime(3) NOT NULL,
  PRIMARY KEY (`payment_reference`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `profiles` (
  `user_id` varchar(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `version` bigint(20) NOT NULL DEFAULT 0,
  `balance` bigint(20) NOT NULL DEFAULT 0,
  `held` bigint(20) NOT NULL DEFAULT 0,
  `status` enum('active','frozen') NOT NULL DEFAULT 'active',
  `allowance_remaining` bigint(20) NOT NULL DEFAULT 0,
  `tier` varchar(64) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  `monthly_credits` bigint(20) DEFAULT NULL,
  `next_reset_at` datetime(3) DEFAULT NULL,
  `due_at` datetime(3) DEFAULT NULL,
  `served_start` datetime(3) DEFAULT NULL,
  `served_end` datetime(3) DEFAULT NULL,
  `served_given` bigint(20) NOT NULL DEFAULT 0,
  `lapse_at` datetime(3) DEFAULT NULL,
  `low_threshold` bigint(20) DEFAULT NULL,
  `is_low` tinyint(4) NOT NULL DEFAULT 0,
  `created_at` datetime(3) NOT NULL,
  `last_at` datetime(3) NOT NULL,
  PRIMARY KEY (`user_id`),
  KEY `profiles_due` (`due_at`),
  KEY `profiles_lapse` (`lapse_at`),
  CONSTRAINT `profiles_balance` CHECK (`balance` >= 0),
  CONSTRAINT `profiles_held` CHECK (`held` >= 0 and `held` <= `balance`),
  CONSTRAINT `profiles_allowance` CHECK (`allowance_remaining` >= 0 and `allowance_remaining` <= `balance`)
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

CREATE TABLE `yearly_member_credits` (
  `user_id` varchar(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `period_start` datetime(3) NOT NULL,
  `period_end` datetime(3) NOT NULL,
  `month` tinyint(4) NOT NULL,
  `amount` bigint(20) NOT NULL,
  `status` enum('scheduled','given','skipped','cancelled') NOT NULL DEFAULT 'scheduled',
  `given_amount` bigint(20) DEFAULT NULL,
  `transaction_version` bigint(20) DEFAULT NULL,
  PRIMARY KEY (`user_id`,`period_start`),
  CONSTRAINT `yearly_member_credits_month` CHECK (`month` between 1 and 12),
  CONSTRAINT `yearly_member_credits_amount` CHECK (`amount` >= 0)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE SQL SECURITY DEFINER VIEW `credit_approval_list` AS select `p`.`id` AS `id`,`p`.`user_id` AS `user_id`,`p`.`operation` AS `operation`,`p`.`amount` AS `amount`,`p`.`request` AS `request`,`p`.`request_key` AS `request_key`,`p`.`request_hash` AS `request_hash`,`p`.`reason` AS `reason`,`p`.`proposed_by` AS `proposed_by`,`p`.`proposed_at` AS `proposed_at`,`p`.`expires_at` AS `expires_at`,`p`.`status` AS `status`,`p`.`decided_by` AS `decided_by`,`p`.`decided_at` AS `decided_at`,`p`.`decision_reason` AS `decision_reason`,`t`.`id` AS `transaction_id` from (`credit_approvals` `p` left join `credit_transactions` `t` on(`p`.`status` = 'approved' and `t`.`user_id` = `p`.`user_id` and `t`.`request_key` = `p`.`request_key` and `t`.`operation` in (`p`.`operation`,case `p`.`operation` when 'repair' then 'restate' else `p`.`operation` end)));

CREATE SQL SECURITY DEFINER VIEW `credit_hold_list` AS select `h`.`id` AS `id`,`h`.`user_id` AS `user_id`,`h`.`amount` AS `amount`,`h`.`captured` AS `captured`,`h`.`status` AS `status`,`h`.`expires_at` AS `expires_at`,`h`.`created_at` AS `created_at`,`h`.`ended_at` AS `ended_at`,`h`.`reason` AS `reason`,`h`.`feature` AS `feature`,`h`.`actor` AS `actor`,case when `h`.`status` = 'captured' then `e`.`id` end AS `capture_transaction_id` from (`credit_holds` `h` left join `credit_transactions` `e` on(`e`.`user_id` = `h`.`user_id` and `e`.`version` = `h`.`end_version`));

CREATE SQL SECURITY DEFINER VIEW `credit_package_list` AS select `credit_packages`.`code` AS `code`,`credit_packages`.`name` AS `name`,`credit_packages`.`credits` AS `credits`,`credit_packages`.`price_minor` AS `price_minor`,`credit_packages`.`currency` AS `currency`,`credit_packages`.`valid_days` AS `valid_days`,`credit_packages`.`priority` AS `priority`,`credit_packages`.`requires_membership` AS `requires_membership`,`credit_packages`.`active` AS `active`,`credit_packages`.`version` AS `version`,`credit_packages`.`updated_at` AS `updated_at` from `credit_packages`;

CREATE SQL SECURITY DEFINER VIEW `credit_transaction_list` AS select `credit_transactions`.`id` AS `id`,`credit_transactions`.`user_id` AS `user_id`,`credit_transactions`.`version` AS `version`,`credit_transactions`.`type` AS `type`,`credit_transactions`.`amount` AS `amount`,`credit_transactions`.`balance_before` AS `balance_before`,`credit_transactions`.`balance_after` AS `balance_after`,`credit_transactions`.`held_change` AS `held_change`,`credit_transactions`.`held_after` AS `held_after`,`credit_transactions`.`status_after` AS `status_after`,`credit_transactions`.`draws` AS `draws`,`credit_transactions`.`reason` AS `reason`,`credit_transactions`.`feature` AS `feature`,`credit_transactions`.`metadata` AS `metadata`,`credit_transactions`.`actor` AS `actor`,`credit_transactions`.`related_transaction_id` AS `related_transaction_id`,`credit_transactions`.`hold_id` AS `hold_id`,`credit_transactions`.`grant_id` AS `grant_id`,`credit_transactions`.`grant_kind` AS `grant_kind`,`credit_transactions`.`operation` AS `operation`,`credit_transactions`.`request_key` AS `request_key`,`credit_transactions`.`period_start` AS `period_start`,`credit_transactions`.`traceparent` AS `traceparent`,`credit_transactions`.`created_at` AS `created_at` from `credit_transactions`;

CREATE SQL SECURITY DEFINER VIEW `outbox_event` AS select `o`.`id` AS `id`,coalesce(`e`.`place`,1) AS `place`,case when `e`.`place` is null then `o`.`event_id` else concat(`o`.`event_id`,'-',`e`.`place`) end AS `event_id`,`o`.`topic` AS `topic`,`o`.`type` AS `type`,coalesce(`e`.`user_id`,`o`.`subject`) AS `subject`,case when `e`.`place` is null then `o`.`occurred_at` else coalesce(`t`.`created_at`,`o`.`occurred_at`) end AS `occurred_at`,coalesce(`o`.`traceparent`,`t`.`traceparent`) AS `traceparent`,`o`.`published_at` AS `published_at`,case when `o`.`ledger_version` is null and `e`.`place` is null then convert(`o`.`payload` using utf8mb4) else concat('{"userId":"',`t`.`user_id`,'","version":"',`t`.`version`,'","balance":"',`t`.`balance_after`,'","held":"',`t`.`held_after`,'","available":"',`t`.`balance_after` - `t`.`held_after`,'","status":"',case `t`.`status_after` when 'frozen' then 'ACCOUNT_STATUS_FROZEN' else 'ACCOUNT_STATUS_ACTIVE' end,'","transaction":{"id":"',`t`.`id`,'","type":"',`t`.`type`,'","amount":"',`t`.`amount`,'","balanceBefore":"',`t`.`balance_before`,'","balanceAfter":"',`t`.`balance_after`,'","heldAfter":"',`t`.`held_after`,'","reason":',json_quote(`t`.`reason`),',"feature":',coalesce(json_quote(`t`.`feature`),'""'),',"relatedId":"',coalesce(`t`.`hold_id`,`t`.`related_transaction_id`,''),'","actor":',json_quote(`t`.`actor`),',"heldChange":"',`t`.`held_change`,'","grantKind":"',coalesce(`t`.`grant_kind`,''),'","createdAt":"',replace(`t`.`created_at`,' ','T'),'Z"',case when `t`.`period_start` is null then '' else concat(',"periodStart":"',replace(`t`.`period_start`,' ','T'),'Z"') end,'}',case when `e`.`tier` is not null then concat(',"allowance":{"tier":',json_quote(`e`.`tier`),',"monthlyCredits":"',`e`.`monthly_credits`,'","remaining":"',`e`.`remaining`,'"',case when `e`.`next_reset_at` is null then '' else concat(',"nextResetAt":"',replace(`e`.`next_reset_at`,' ','T'),'Z"') end,'}') when json_length(`o`.`payload`) = 0 then '' else concat(',"allowance":',convert(`o`.`payload` using utf8mb4)) end,'}') end AS `payload` from ((`outbox` `o` left join JSON_TABLE(`o`.`entries`, '$[*]' COLUMNS (`place` FOR ORDINALITY, `user_id` varchar(128) CHARSET ascii COLLATE ascii_bin PATH '$[0]', `version` bigint(20) PATH '$[1]', `tier` varchar(64) CHARSET utf8mb4 COLLATE utf8mb4_bin PATH '$[2]', `monthly_credits` bigint(20) PATH '$[3]', `remaining` bigint(20) PATH '$[4]', `next_reset_at` varchar(32) CHARSET utf8mb4 COLLATE utf8mb4_bin PATH '$[5]')) `e` on(1)) left join `credit_transactions` `t` FORCE INDEX (`credit_transactions_version`) on(`t`.`user_id` = coalesce(`e`.`user_id`,`o`.`subject`) and `t`.`version` = coalesce(`e`.`version`,`o`.`ledger_version`)));

CREATE SQL SECURITY DEFINER VIEW `schema_version` AS select 'migration' AS `kind`,`schema_migrations`.`source` AS `source`,`schema_migrations`.`name` AS `name`,`schema_migrations`.`checksum` AS `checksum`,`schema_migrations`.`applied_at` AS `applied_at` from `schema_migrations` union all select `schema_routines`.`kind` AS `kind`,`schema_routines`.`source` AS `source`,`schema_routines`.`name` AS `name`,`schema_routines`.`checksum` AS `checksum`,`schema_routines`.`applied_at` AS `applied_at` from `schema_routines`;

CREATE SQL SECURITY DEFINER VIEW `yearly_member_credit_list` AS select `y`.`user_id` AS `user_id`,`y`.`period_start` AS `period_start`,`y`.`period_end` AS `period_end`,`y`.`month` AS `month`,`y`.`amount` AS `amount`,`y`.`status` AS `status`,`y`.`given_amount` AS `given_amount`,`t`.`id` AS `transaction_id` from (`yearly_member_credits` `y` left join `credit_transactions` `t` on(`t`.`user_id` = `y`.`user_id` and `t`.`version` = `y`.`transaction_version`));

CREATE PROCEDURE `AdjustCredits`(IN in_now DATETIME(3), IN in_operations JSON)
BEGIN
  DECLARE v_open INT DEFAULT 0;
  CALL LedgerBegin();
  CALL LedgerRead(in_operations);
  CALL LedgerLock(in_now);
  CALL LedgerLapse(in_now);

  INSERT INTO w_item (ord, user_id, amount, request_key, request_hash, tx_version, verdict)
  SELECT o.ord, a.user_id, o.amount, o.request_key, o.request_hash, t.version,
         CASE WHEN a.user_id IS NULL OR o.request_key IS NULL OR o.request_hash IS NULL OR o.amount IS NULL OR o.amount = 0
                   OR o.amount NOT BETWEEN -1000000000 AND 1000000000 THEN 'invalid'
              WHEN t.id IS NOT NULL THEN CASE WHEN t.request_hash = o.request_hash THEN 'replayed' ELSE 'idempotency_key_reused' END
              -- Taken from an allowance that is about to lapse, a correction would be void a second later.
              WHEN a.due_at <= in_now THEN 'reset_due' END
    FROM w_op o
    LEFT JOIN w_account a ON a.user_id = o.user_id
    LEFT JOIN credit_transactions t FORCE INDEX (credit_transactions_request) ON t.user_id = a.user_id AND t.operation = 'adjust' AND t.request_key = o.request_key;

  -- How much a negative one takes depends on those before it, so each pass books the next one of every account. Mostly one pass.
  SELECT COUNT(*) INTO v_open FROM w_item WHERE verdict IS NULL;
  WHILE v_open > 0 DO
    DELETE FROM w_judge;
    INSERT INTO w_judge (ord, verdict, first_ord, tx_version, figure)
    SELECT i.ord,
           CASE WHEN i.answered IS NOT NULL THEN CASE WHEN i.answered_hash = i.request_hash THEN 'replayed' ELSE 'idempotency_key_reused' END
                WHEN i.ord <> i.next_of_user THEN NULL
                WHEN i.amount < 0 AND a.balance = a.held THEN 'insufficient_credits' ELSE 'ok' END,
           i.answered, i.answered_version, GREATEST(i.amount, a.held - a.balance)
      FROM (SELECT ord, user_id, verdict, request_hash, amount,
                   MAX(CASE WHEN verdict = 'ok' THEN ord END) OVER (PARTITION BY user_id, request_key) AS answered,
                   MAX(CASE WHEN verdict = 'ok' THEN request_hash END) OVER (PARTITION BY user_id, request_key) AS answered_hash,
                   MAX(CASE WHEN verdict = 'ok' THEN tx_version END) OVER (PARTITION BY user_id, request_key) AS answered_version,
                   MIN(CASE WHEN verdict IS NULL THEN ord END) OVER (PARTITION BY user_id) AS next_of_user
              FROM w_item WHERE verdict IS NULL OR verdict = 'ok') i
      JOIN w_account a ON a.user_id = i.user_id
     WHERE i.verdict IS NULL;
    UPDATE w_item i JOIN w_judge j ON j.ord = i.ord
       SET i.verdict = j.verdict, i.first_ord = j.first_ord, i.tx_version = j.tx_version,
           i.required = CASE WHEN j.verdict = 'insufficient_credits' THEN -i.amount END,
           i.available = CASE WHEN j.verdict = 'insufficient_credits' THEN 0 END
     WHERE j.verdict IS NOT NULL;

    INSERT INTO w_entry (seq, ord, user_id, type, amount, new_kind, new_amount, new_priority, operation)
    SELECT i.ord, i.ord, i.user_id, 'adjust', j.figure, CASE WHEN j.figure > 0 THEN 'adjustment' END, CASE WHEN j.figure > 0 THEN j.figure END, 50, 'adjust'
      FROM w_item i JOIN w_judge j ON j.ord = i.ord
     WHERE j.verdict = 'ok';
    INSERT INTO w_draw (seq, place, grant_id, kind, change_by, reserve)
    SELECT e.seq, g.until, g.id, g.kind, GREATEST(g.until - g.free, 0) - LEAST(g.until, -e.amount), 0
      FROM w_entry e
      JOIN (SELECT g.id, g.user_id, g.kind, g.remaining - g.reserved AS free,
                   SUM(g.remaining - g.reserved) OVER (PARTITION BY g.user_id ORDER BY g.priority, g.expires_at IS NULL, g.expires_at, GREATEST(g.origin_version, g.renewed_version)
                                                       ROWS UNBOUNDED PRECEDING) AS until
              FROM w_account a
              STRAIGHT_JOIN credit_grants g FORCE INDEX (credit_grants_state) ON g.user_id = a.user_id AND g.state = 'open'
             WHERE g.remaining > g.reserved) g
        ON g.user_id = e.user_id AND g.until - g.free < -e.amount
     WHERE e.amount < 0;
    CALL LedgerBook(in_now);
    SELECT COUNT(*) INTO v_open FROM w_item WHERE verdict IS NULL;
  END WHILE;

  CALL LedgerAudit(in_now, in_operations);
  CALL LedgerAnswer();
END;

CREATE PROCEDURE `ApplyMembership`(IN in_now DATETIME(3), IN in_operations JSON)
BEGIN
  CALL LedgerBegin();
  INSERT INTO w_op (ord, user_id, membership_version, ends_at)
  SELECT ord, user_id, version, active_until
    FROM JSON_TABLE(in_operations, '$[*]' COLUMNS (
           ord FOR ORDINALITY,
           user_id VARCHAR(129) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           version BIGINT PATH '$.version',
           active_until DATETIME(3) PATH '$.activeUntil')) o;
  DELETE FROM w_doc;
  INSERT INTO w_doc (ord, doc)
  SELECT ord, doc FROM JSON_TABLE(in_operations, '$[*]' COLUMNS (ord FOR ORDINALITY, doc JSON PATH '$.state')) o;
  INSERT INTO w_user (user_id) SELECT DISTINCT user_id FROM w_op WHERE CHAR_LENGTH(user_id) BETWEEN 1 AND 128;
  CALL LedgerLock(in_now);

  -- `applied` is the highest version of each account in the batch, when it is above the stored one.
  INSERT INTO w_item (ord, user_id, target_id, ends_at, verdict)
  SELECT ord, user_id, version, active_until,
         CASE WHEN version > kept_version AND ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY version DESC, ord) = 1 THEN 'applied' ELSE 'ignored' END
    FROM (SELECT o.ord, a.user_id, o.membership_version AS version, o.ends_at AS active_until, COALESCE(m.version, 0) AS kept_version
            FROM w_op o
            JOIN w_account a ON a.user_id = o.user_id
            LEFT JOIN membership_state m FORCE INDEX (PRIMARY) ON m.user_id = a.user_id) named;

  INSERT INTO membership_state (user_id, version, state, active_until, received_at)
  SELECT i.user_id, i.target_id, o.doc, i.ends_at, in_now
    FROM w_item i
    JOIN w_doc o ON o.ord = i.ord
   WHERE i.verdict = 'applied'
   ORDER BY i.user_id
      ON DUPLICATE KEY UPDATE version = VALUES(version), state = VALUES(state), active_until = VALUES(active_until), received_at = VALUES(received_at);
  UPDATE w_item i STRAIGHT_JOIN profiles p FORCE INDEX (PRIMARY) ON p.user_id = i.user_id SET p.due_at = in_now WHERE i.verdict = 'applied';
  UPDATE w_account a STRAIGHT_JOIN profiles p FORCE INDEX (PRIMARY) ON p.user_id = a.user_id SET a.due_at = p.due_at;

  SELECT i.ord, i.verdict AS outcome, a.user_id, m.version AS membership_version, m.state AS membership_state, a.served_start, a.served_end,
         a.served_given, a.allowance_remaining, a.due_at, a.status
    FROM w_item i
    JOIN w_account a ON a.user_id = i.user_id
    LEFT JOIN membership_state m FORCE INDEX (PRIMARY) ON m.user_id = a.user_id
   ORDER BY i.ord;
END;

CREATE PROCEDURE `CaptureHolds`(IN in_now DATETIME(3), IN in_operations JSON)
BEGIN
  CALL LedgerHoldEnd(in_now, in_operations, 'capture');
  CALL LedgerAnswerHolds();
END;

CREATE PROCEDURE `CheckAndResetUserCredits`(IN in_now DATETIME(3), IN in_operations JSON)
BEGIN
  DECLARE v_accounts JSON;
  SET SESSION group_concat_max_len = 4194304;
  -- Each operation is a step of its own, for the account that it names.
  SELECT CONCAT('[', COALESCE(GROUP_CONCAT(JSON_ARRAY(user_id, membership_version, place) ORDER BY place SEPARATOR ','), ''), ']') INTO v_accounts
    FROM JSON_TABLE(in_operations, '$[*]' COLUMNS (
           place FOR ORDINALITY,
           user_id VARCHAR(129) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.userId',
           membership_version BIGINT PATH '$.membershipVersion')) o;
  CALL LedgerSettle(in_now, in_operations, v_accounts, NULL);
  CALL LedgerCarry();
  UPDATE w_item SET required = NULL, available = NULL, refundable = NULL;
  CALL LedgerAnswer();
END;

CREATE PROCEDURE `CheckCreditsSync`(IN in_after_user_id VARCHAR(128) CHARACTER SET ascii, IN in_limit INT, IN in_user_ids JSON)
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
END;

CREATE PROCEDURE `ClaimAccounts`(IN in_now DATETIME(3), IN in_user_ids JSON, IN in_claim BIGINT)
BEGIN
  CALL LedgerBegin();
  CALL LedgerUsers(in_user_ids);
  CALL LedgerLock(in_now);
  SET @ledger_claim = in_claim;
  CALL LedgerDueState();
END;

CREATE PROCEDURE `ClaimDue`(IN in_now DATETIME(3), IN in_limit INT, IN in_after_due DATETIME(3),
                                  IN in_after_user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin, IN in_claim BIGINT)
BEGIN
  DECLARE v_due DATETIME(3) DEFAULT COALESCE(in_after_due, CAST('1000-01-01' AS DATETIME(3)));
  CALL LedgerBegin();
  INSERT INTO w_account (user_id, version, balance, held, status, allowance_remaining, tier, monthly_credits, next_reset_at,
                         due_at, lapse_at, low_threshold, is_low, served_start, served_end, served_given, last_at)
  SELECT user_id, version, balance, held, status, allowance_remaining, tier, monthly_credits, next_reset_at,
         due_at, lapse_at, low_threshold, is_low, served_start, served_end, served_given, last_at
    FROM profiles FORCE INDEX (profiles_due)
   -- Not from the first each time: what the pages before have left in the index is passed over one by one until it is purged.
   WHERE due_at <= in_now AND (due_at > v_due OR (due_at = v_due AND user_id > in_after_user_id))
   ORDER BY due_at, user_id LIMIT in_limit
     FOR UPDATE SKIP LOCKED;
  SET @ledger_claim = in_claim;
  CALL LedgerDueState();
END;

CREATE PROCEDURE `ClaimLapsed`(IN in_now DATETIME(3), IN in_limit INT, IN in_after_lapse DATETIME(3),
                             IN in_after_user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin)
BEGIN
  DECLARE v_lapse DATETIME(3) DEFAULT COALESCE(in_after_lapse, CAST('1000-01-01' AS DATETIME(3)));
  -- Not from the first each time, for the same reason as ClaimDue; and an account that can't be lapsed is not met again at once.
  SELECT user_id, lapse_at
    FROM profiles FORCE INDEX (profiles_lapse)
   WHERE lapse_at <= in_now AND (lapse_at > v_lapse OR (lapse_at = v_lapse AND user_id > in_after_user_id))
   ORDER BY lapse_at, user_id LIMIT in_limit
     FOR UPDATE SKIP LOCKED;
END;

CREATE PROCEDURE `ConsumeCredits`(IN in_now DATETIME(3), IN in_operations JSON)
BEGIN
  CALL LedgerSpend(in_now, in_operations, 'consume');
  CALL LedgerAnswer();
END;

CREATE PROCEDURE `DecideApprovals`(IN in_now DATETIME(3), IN in_operations JSON)
BEGIN
  CALL LedgerBegin();
  INSERT INTO w_op (ord, target_id, code, actor, reason, traceparent)
  SELECT ord, approval_id, decision, actor, reason, traceparent
    FROM JSON_TABLE(in_operations, '$[*]' COLUMNS (
           ord FOR ORDINALITY,
           approval_id BIGINT PATH '$.approvalId',
           decision VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.decision',
           actor VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.actor',
           reason VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.reason',
           traceparent VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.traceparent')) o;
  -- Whose proposal it is never changes: read without a lock.
  INSERT INTO w_user (user_id)
  SELECT DISTINCT p.user_id FROM w_op o STRAIGHT_JOIN credit_approvals p ON p.id = o.target_id;
  CALL LedgerLock(in_now);

  INSERT INTO w_item (ord, user_id, target_id, code, verdict)
  SELECT o.ord, p.user_id, p.id, o.code,
         CASE WHEN o.turn > 1 OR o.target_id IS NULL OR o.actor IS NULL OR COALESCE(o.reason, '') = '' OR o.code IS NULL OR o.code NOT IN ('approve', 'reject') THEN 'invalid'
              WHEN p.id IS NULL THEN 'approval_not_found'
              -- Where names are matched without regard to case, "Ada" is nobody else than "ada".
              WHEN o.code = 'approve' AND LOWER(p.proposed_by) = LOWER(o.actor) THEN 'own_proposal'
              WHEN p.decided_by = o.actor AND p.status = CASE o.code WHEN 'approve' THEN 'approved' ELSE 'rejected' END THEN 'replayed'
              WHEN p.status <> 'pending' THEN 'approval_decided'
              WHEN p.expires_at <= in_now THEN 'approval_expired'
              ELSE 'ok' END
    FROM (SELECT ord, target_id, code, actor, reason, ROW_NUMBER() OVER (PARTITION BY target_id ORDER BY ord) AS turn FROM w_op) o
    LEFT JOIN credit_approvals p ON p.id = o.target_id;

  UPDATE w_item i
    JOIN w_op o ON o.ord = i.ord
    STRAIGHT_JOIN credit_approvals p ON p.id = i.target_id
     SET p.status = CASE i.code WHEN 'approve' THEN 'approved' ELSE 'rejected' END,
         p.decided_by = o.actor, p.decided_at = in_now, p.decision_reason = o.reason
   WHERE i.verdict = 'ok';

  CALL LedgerAuditApprovals(in_now, in_operations, 'decide');
  SELECT i.ord, i.verdict AS outcome, l.*
    FROM w_item i
    LEFT JOIN credit_approval_list l ON l.id = i.target_id
   ORDER BY i.ord;
END;

CREATE PROCEDURE `ExplainBalance`(IN in_user_id VARCHAR(128) CHARACTER SET ascii, IN in_at DATETIME(3))
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
END;

CREATE PROCEDURE `GetAccounts`(IN in_now DATETIME(3), IN in_user_ids JSON)
BEGIN
  SET SESSION group_concat_max_len = 4194304;
  CALL LedgerBegin();
  CALL LedgerUsers(in_user_ids);
  SELECT a.user_id, a.version, a.balance, a.held, a.status, a.tier, a.monthly_credits, a.allowance_remaining, a.next_reset_at, a.created_at,
         COALESCE(a.low_threshold, FLOOR(COALESCE(a.monthly_credits, 0) / 10)) AS low_threshold,
         CASE WHEN a.lapse_at <= in_now THEN 1 ELSE 0 END AS lapse_due, CASE WHEN a.due_at <= in_now THEN 1 ELSE 0 END AS reset_due,
         (SELECT CONCAT('[', COALESCE(GROUP_CONCAT('{"id":"', g.id, '","kind":"', g.kind, '","amount":', g.amount, ',"remaining":', g.remaining, ',"reserved":', g.reserved,
                                                   ',"priority":', g.priority, ',"expiresAt":', COALESCE(CONCAT('"', g.expires_at, '"'), 'null'), ',"createdAt":"', g.created_at, '"}'
                                                   ORDER BY g.priority, g.expires_at IS NULL, g.expires_at, GREATEST(g.origin_version, g.renewed_version) SEPARATOR ','), ''), ']')
            FROM credit_grants g WHERE g.user_id = a.user_id AND g.state IN ('open', 'ending')) AS grants
    FROM w_user named
    STRAIGHT_JOIN profiles a FORCE INDEX (PRIMARY) ON a.user_id = named.user_id
   ORDER BY a.user_id;
END;

CREATE PROCEDURE `GrantCredits`(IN in_now DATETIME(3), IN in_operations JSON)
BEGIN
  CALL LedgerBegin();
  CALL LedgerRead(in_operations);
  CALL LedgerLock(in_now);
  CALL LedgerLapse(in_now);

  -- A repeated key inside the batch: nothing here can be refused for lack of credits, so the first one answers it.
  INSERT INTO w_item (ord, user_id, amount, request_key, request_hash, tx_version, code, priority, ends_at, first_ord, verdict)
  SELECT ord, user_id, amount, request_key, request_hash, tx_version, kind, priority, ends_at,
         CASE WHEN verdict IS NULL AND first_ord < ord THEN first_ord END,
         CASE WHEN verdict IS NOT NULL THEN verdict WHEN first_ord = ord THEN 'ok'
              WHEN first_hash = request_hash THEN 'replayed' ELSE 'idempotency_key_reused' END
    FROM (SELECT ord, user_id, amount, request_key, request_hash, tx_version, kind, priority, ends_at, verdict,
                 FIRST_VALUE(ord) OVER same_key AS first_ord, FIRST_VALUE(request_hash) OVER same_key AS first_hash
            FROM (SELECT o.ord, a.user_id, o.amount, o.request_key, o.request_hash, t.version AS tx_version, o.code AS kind,
                         COALESCE(o.priority, 50) AS priority, o.ends_at,
                         CASE WHEN a.user_id IS NULL OR o.request_key IS NULL OR o.request_hash IS NULL OR o.code IS NULL
                                   OR o.amount IS NULL OR o.amount NOT BETWEEN 1 AND 1000000000 THEN 'invalid'
                              WHEN t.id IS NOT NULL THEN CASE WHEN t.request_hash = o.request_hash THEN 'replayed' ELSE 'idempotency_key_reused' END
                              WHEN o.code NOT IN ('package', 'bonus', 'purchase', 'refund', 'adjustment')
                                   OR COALESCE(o.priority, 50) NOT BETWEEN 0 AND 1000 OR o.ends_at <= in_now THEN 'invalid' END AS verdict
                    FROM w_op o
                    LEFT JOIN w_account a ON a.user_id = o.user_id
                    LEFT JOIN credit_transactions t FORCE INDEX (credit_transactions_request) ON t.user_id = a.user_id AND t.operation = 'grant' AND t.request_key = o.request_key) known
          WINDOW same_key AS (PARTITION BY user_id, request_key, verdict ORDER BY ord ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)) numbered;

  INSERT INTO w_entry (seq, ord, user_id, type, amount, new_kind, new_amount, new_priority, new_until, operation)
  SELECT ord, ord, user_id, 'grant', amount, code, amount, priority, ends_at, 'grant'
    FROM w_item WHERE verdict = 'ok';
  CALL LedgerBook(in_now);
  CALL LedgerAudit(in_now, in_operations);
  CALL LedgerAnswer();
END;

CREATE PROCEDURE `HoldCredits`(IN in_now DATETIME(3), IN in_operations JSON)
BEGIN
  CALL LedgerSpend(in_now, in_operations, 'hold');
  CALL LedgerAnswerHolds();
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

CREATE PROCEDURE `KeepMemberships`(IN in_operations JSON)
BEGIN
  INSERT INTO membership_waiting (user_id, version, state, occurred_at, traceparent, received_at)
  SELECT user_id, version, state, occurred_at, traceparent, received_at
    FROM JSON_TABLE(in_operations, '$[*]' COLUMNS (
           ord FOR ORDINALITY,
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           version BIGINT PATH '$.version',
           state JSON PATH '$.state',
           occurred_at DATETIME(3) PATH '$.occurredAt',
           traceparent VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.traceparent',
           received_at DATETIME(3) PATH '$.receivedAt')) o
   ORDER BY ord
      ON DUPLICATE KEY UPDATE version = membership_waiting.version;
END;

CREATE PROCEDURE `LedgerAnswer`()
BEGIN
  SELECT i.ord, i.verdict AS outcome, i.required, i.available, i.refundable,
         a.user_id AS a_user_id, COALESCE(t.version, a.version) AS a_version, COALESCE(t.balance_after, a.balance) AS a_balance,
         COALESCE(t.held_after, a.held) AS a_held, COALESCE(t.status_after, a.status) AS a_status,
         t.id AS t_id, t.type AS t_type, t.amount AS t_amount, t.held_change AS t_held_change, t.draws AS t_draws, t.reason AS t_reason, t.feature AS t_feature,
         t.metadata AS t_metadata, t.actor AS t_actor, t.related_transaction_id AS t_related_transaction_id, t.hold_id AS t_hold_id,
         t.grant_id AS t_grant_id, t.grant_kind AS t_grant_kind, t.operation AS t_operation, t.request_key AS t_request_key,
         t.period_start AS t_period_start, t.traceparent AS t_traceparent, t.created_at AS t_created_at
    FROM w_item i
    LEFT JOIN w_account a ON a.user_id = i.user_id
    LEFT JOIN credit_transactions t FORCE INDEX (credit_transactions_version) ON t.user_id = i.user_id AND t.version = i.tx_version
   ORDER BY i.ord;
END;

CREATE PROCEDURE `LedgerAnswerHolds`()
BEGIN
  SELECT i.ord, i.verdict AS outcome, i.required, i.available, i.refundable,
         a.user_id AS a_user_id, COALESCE(t.version, a.version) AS a_version, COALESCE(t.balance_after, a.balance) AS a_balance,
         COALESCE(t.held_after, a.held) AS a_held, COALESCE(t.status_after, a.status) AS a_status,
         t.id AS t_id, t.type AS t_type, t.amount AS t_amount, t.held_change AS t_held_change, t.draws AS t_draws, t.reason AS t_reason, t.feature AS t_feature,
         t.metadata AS t_metadata, t.actor AS t_actor, t.related_transaction_id AS t_related_transaction_id, t.hold_id AS t_hold_id,
         t.grant_id AS t_grant_id, t.grant_kind AS t_grant_kind, t.operation AS t_operation, t.request_key AS t_request_key,
         t.period_start AS t_period_start, t.traceparent AS t_traceparent, t.created_at AS t_created_at,
         h.id AS h_id, h.user_id AS h_user_id, h.amount AS h_amount, h.captured AS h_captured, h.status AS h_status,
         h.expires_at AS h_expires_at, h.created_at AS h_created_at, h.ended_at AS h_ended_at, h.reason AS h_reason, h.feature AS h_feature,
         h.actor AS h_actor, CASE WHEN h.status = 'captured' THEN e.id END AS h_capture_transaction_id
    FROM w_item i
    LEFT JOIN w_account a ON a.user_id = i.user_id
    LEFT JOIN credit_transactions t FORCE INDEX (credit_transactions_version) ON t.user_id = i.user_id AND t.version = i.tx_version
    LEFT JOIN credit_holds h FORCE INDEX (PRIMARY) ON h.id = COALESCE(t.hold_id, i.target_id)
    LEFT JOIN credit_transactions e FORCE INDEX (credit_transactions_version) ON e.user_id = h.user_id AND e.version = h.end_version
   ORDER BY i.ord;
END;

CREATE PROCEDURE `LedgerAudit`(IN in_now DATETIME(3), IN in_operations JSON)
BEGIN
  IF JSON_CONTAINS_PATH(in_operations, 'one', '$[*].audit') THEN
    CALL LedgerReadAudit(in_operations);
    INSERT INTO outbox (event_id, topic, type, subject, occurred_at, payload, traceparent)
    SELECT UUID(), 'admin.v1', 'stipend.admin.v1.AdminActionRecorded', i.user_id, in_now,
           CONCAT('{"id":', JSON_QUOTE(o.id), ',"service":"credits","actor":', JSON_QUOTE(o.actor), ',"roles":', COALESCE(o.roles, '[]'),
                  ',"action":', JSON_QUOTE(o.action), ',"target":"', CONVERT(i.user_id USING utf8mb4), '","outcome":"succeeded","reason":', JSON_QUOTE(o.reason),
                  ',"before":', JSON_QUOTE(CONCAT('{"balance":', COALESCE(t.balance_before, a.balance), ',"held":', COALESCE(t.held_after - t.held_change, a.held),
                                                  ',"version":', COALESCE(t.version - 1, a.version), ',"status":"',
                                                  CASE t.type WHEN 'freeze' THEN 'active' WHEN 'unfreeze' THEN 'frozen' ELSE CONVERT(a.status USING utf8mb4) END, '"}')),
                  ',"after":', JSON_QUOTE(CONCAT('{"amount":', COALESCE(t.amount, 0), ',"balance":', COALESCE(t.balance_after, a.balance),
                                                 ',"held":', COALESCE(t.held_after, a.held), ',"version":', COALESCE(t.version, a.version),
                                                 ',"status":"', COALESCE(t.status_after, CONVERT(a.status USING utf8mb4)), '","outcome":"', CONVERT(i.verdict USING utf8mb4), '"',
                                                 CASE WHEN t.id IS NULL THEN '' ELSE CONCAT(',"transactionId":"', t.id, '"') END, '}')),
                  ',"ip":', COALESCE(JSON_QUOTE(o.ip), '""'), ',"userAgent":', COALESCE(JSON_QUOTE(o.user_agent), '""'),
                  ',"requestId":', COALESCE(JSON_QUOTE(o.request_id), '""'), ',"traceId":', COALESCE(JSON_QUOTE(o.trace_id), '""'),
                  ',"occurredAt":"', REPLACE(in_now, ' ', 'T'), 'Z"}'),
           o.traceparent
      FROM w_item i
      JOIN w_audit o ON o.ord = i.ord
      JOIN w_account a ON a.user_id = i.user_id
      LEFT JOIN credit_transactions t FORCE INDEX (credit_transactions_version) ON t.user_id = i.user_id AND t.version = i.tx_version
     WHERE i.verdict IN ('ok', 'first', 'reset', 'topped_up', 'forfeited', 'unchanged')
     ORDER BY i.ord;
  END IF;
END;

CREATE PROCEDURE `LedgerAuditApprovals`(IN in_now DATETIME(3), IN in_operations JSON, IN in_step VARCHAR(8))
BEGIN
  IF JSON_CONTAINS_PATH(in_operations, 'one', '$[*].audit') THEN
    CALL LedgerReadAudit(in_operations);
    INSERT INTO outbox (event_id, topic, type, subject, occurred_at, payload, traceparent)
    SELECT UUID(), 'admin.v1', 'stipend.admin.v1.AdminActionRecorded', i.user_id, in_now,
           CONCAT('{"id":', JSON_QUOTE(o.id), ',"service":"credits","actor":', JSON_QUOTE(o.actor), ',"roles":', COALESCE(o.roles, '[]'),
                  ',"action":', JSON_QUOTE(o.action), ',"target":"', CONVERT(i.user_id USING utf8mb4), '","outcome":"succeeded","reason":', JSON_QUOTE(o.reason),
                  CASE in_step WHEN 'decide' THEN CONCAT(',"before":', JSON_QUOTE(CONCAT('{"approvalId":"', p.id, '","status":"pending"}'))) ELSE '' END,
                  ',"after":', JSON_QUOTE(CONCAT('{"approvalId":"', p.id, '","status":"', CONVERT(p.status USING utf8mb4), '","operation":"', CONVERT(p.operation USING utf8mb4),
                                                 '","amount":', p.amount, ',"request":', p.request, ',"proposedBy":', JSON_QUOTE(p.proposed_by),
                                                 ',"reason":', JSON_QUOTE(p.reason), ',"expiresAt":"', REPLACE(p.expires_at, ' ', 'T'), 'Z"}')),
                  ',"ip":', COALESCE(JSON_QUOTE(o.ip), '""'), ',"userAgent":', COALESCE(JSON_QUOTE(o.user_agent), '""'),
                  ',"requestId":', COALESCE(JSON_QUOTE(o.request_id), '""'), ',"traceId":', COALESCE(JSON_QUOTE(o.trace_id), '""'),
                  ',"occurredAt":"', REPLACE(in_now, ' ', 'T'), 'Z"}'),
           o.traceparent
      FROM w_item i
      JOIN w_audit o ON o.ord = i.ord
      JOIN credit_approvals p ON p.id = i.target_id
     WHERE i.verdict = 'ok'
     ORDER BY i.ord;
  END IF;
END;

CREATE PROCEDURE `LedgerBegin`()
BEGIN
  DECLARE v_places INT DEFAULT 0;
  DECLARE CONTINUE HANDLER FOR 1146 CALL LedgerWorkTables();
  -- What ClaimAccounts or ClaimDue locked and read stands no longer.
  SET @ledger_claim = NULL;
  -- The first statement fails with 1146 on a fresh connection; the handler makes all tables and the rest goes on.
  DELETE FROM w_line;
  SET v_places = ROW_COUNT();
  DELETE FROM w_op;
  SET v_places = GREATEST(v_places, ROW_COUNT());
  DELETE FROM w_user;
  SET v_places = GREATEST(v_places, ROW_COUNT());
  DELETE FROM w_account;
  SET v_places = GREATEST(v_places, ROW_COUNT());
  DELETE FROM w_item;
  DELETE FROM w_entry;
  DELETE FROM w_draw;
  IF v_places > 300 THEN
    -- w_line first, as it is made last: what a connection that is cut off in here lacks is made by its next call.
    DROP TEMPORARY TABLE IF EXISTS w_line, w_allowance, w_judge, w_running, w_op, w_source, w_user, w_account, w_item, w_entry, w_draw, w_grant_change;
    CALL LedgerWorkTables();
  END IF;
END;

CREATE PROCEDURE `LedgerBook`(IN in_now DATETIME(3))
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
END;

CREATE PROCEDURE `LedgerCarry`()
BEGIN
  UPDATE w_account a JOIN w_line p ON p.user_id = a.user_id
     SET a.version = p.version, a.balance = p.balance_after, a.held = p.held_after, a.status = p.status_after,
         a.allowance_remaining = p.allowance_after, a.is_low = p.low_after, a.last_at = p.created_at
   WHERE p.is_last = 1;
  UPDATE w_item i JOIN w_line p ON p.ord = COALESCE(i.first_ord, i.ord) SET i.tx_version = p.version;
END;

CREATE PROCEDURE `LedgerDueState`()
BEGIN
  SELECT a.user_id, m.version AS membership_version, m.state AS membership_state, a.served_start, a.served_end, a.served_given,
         a.allowance_remaining, a.due_at, a.status
    FROM w_account a
    LEFT JOIN membership_state m FORCE INDEX (PRIMARY) ON m.user_id = a.user_id
   ORDER BY a.user_id;
END;

CREATE PROCEDURE `LedgerEnter`(IN in_grants INT)
ledger: BEGIN
  DECLARE v_rows INT DEFAULT 0;
  DECLARE v_new_grants INT DEFAULT 0;
  DECLARE v_holds INT DEFAULT 0;
  DECLARE v_signals INT DEFAULT 0;

  -- Work tables stand first in every UPDATE: an optimizer that began with the other side would lock rows of accounts that are not ours.
  -- And none that moves credits joins a query: MySQL 9.7 passes over rows of one now and then that it has just given to a SELECT.
  IF in_grants > 0 THEN
    UPDATE w_grant_change n STRAIGHT_JOIN credit_grants g FORCE INDEX (PRIMARY) ON g.id = n.grant_id AND g.user_id = n.user_id
       SET g.state = CASE WHEN n.ends = 1 OR g.state IN ('ending', 'ended')
                          -- A spent one that holds credits is damaged: it keeps them for who looks for that, and none of them lapses.
                          THEN CASE WHEN g.remaining + n.change_by > 0 AND g.state <> 'spent' THEN 'ending' ELSE 'ended' END
                          ELSE CASE WHEN g.remaining + n.change_by > 0 THEN 'open' ELSE 'spent' END END,
           g.remaining = g.remaining + n.change_by, g.reserved = g.reserved + n.reserve,
           g.renewed_version = COALESCE(n.renewed_version, g.renewed_version), g.amount = COALESCE(n.amount, g.amount), g.created_at = COALESCE(n.created_at, g.created_at);
    -- Every draw changes its grant, so it makes no difference that a connection may count what it met instead of what it changed.
    IF ROW_COUNT() <> in_grants THEN
      SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'a draw did not reach its grant; roll back';
    END IF;
  END IF;

  SELECT COUNT(*), COALESCE(SUM(new_kind IS NOT NULL AND grant_id IS NULL), 0), COALESCE(SUM(hold_until IS NOT NULL OR hold_end IS NOT NULL), 0), COALESCE(SUM(low_before <> low_after), 0)
    INTO v_rows, v_new_grants, v_holds, v_signals
    FROM w_line;
  IF v_rows = 0 THEN
    LEAVE ledger;
  END IF;

  IF v_new_grants > 0 THEN
    INSERT INTO credit_grants (user_id, origin_version, kind, state, amount, remaining, reserved, priority, expires_at, created_at)
    SELECT user_id, version, new_kind, 'open', new_amount, new_amount, 0, new_priority, new_until, created_at
      FROM w_line WHERE new_kind IS NOT NULL AND grant_id IS NULL ORDER BY seq;
    -- The new grant comes last: `[` what was drawn before, if anything, `, ` the grant `]`.
    UPDATE w_line p STRAIGHT_JOIN credit_grants g FORCE INDEX (credit_grants_origin) ON g.user_id = p.user_id AND g.origin_version = p.version
       SET p.grant_id = g.id,
           p.draws = CONCAT(LEFT(p.draws, CHAR_LENGTH(p.draws) - 1), CASE p.draws WHEN '[]' THEN '' ELSE ',' END,
                            '{"g":', g.id, ',"k":"', p.new_kind, '","c":', p.new_amount, ',"r":0}]')
     WHERE p.new_kind IS NOT NULL AND p.grant_id IS NULL;
    IF ROW_COUNT() <> v_new_grants THEN
      SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'a row does not name the grant it makes; roll back';
    END IF;
  END IF;

  IF v_holds > 0 THEN
    INSERT INTO credit_holds (user_id, origin_version, status, amount, expires_at, reason, feature, metadata, actor, created_at)
    SELECT p.user_id, p.version, 'open', p.held_change, p.hold_until, COALESCE(o.reason, ''), o.feature, m.doc, COALESCE(o.actor, 'system'), p.created_at
      FROM w_line p
      JOIN w_op o ON o.ord = p.ord
      LEFT JOIN w_doc m FORCE INDEX (PRIMARY) ON m.ord = CASE o.has_metadata WHEN 1 THEN o.ord END
     WHERE p.hold_until IS NOT NULL ORDER BY p.seq;
    DELETE FROM w_judge;
    INSERT INTO w_judge (ord, figure)
    SELECT p.seq, h.id FROM w_line p JOIN credit_holds h FORCE INDEX (credit_holds_origin) ON h.user_id = p.user_id AND h.origin_version = p.version
     WHERE p.hold_until IS NOT NULL;
    UPDATE w_line p JOIN w_judge j ON j.ord = p.seq SET p.hold_id = j.figure;
    UPDATE w_line p STRAIGHT_JOIN credit_holds h FORCE INDEX (PRIMARY) ON h.id = p.hold_id
       SET h.status = p.hold_end, h.captured = -p.amount, h.ended_at = p.created_at, h.end_version = p.version
     WHERE p.hold_end IS NOT NULL;
  END IF;

  -- The default of MySQL cuts a long list of draws short without a word.
  IF @@SESSION.group_concat_max_len < 4194304 THEN
    SET SESSION group_concat_max_len = 4194304;
  END IF;
  INSERT INTO credit_transactions (user_id, version, type, amount, balance_before, balance_after, held_change, held_after, status_after,
                                   draws, reason, feature, metadata, actor, related_transaction_id, hold_id, grant_id, grant_kind,
                                   operation, request_key, request_hash, period_start, traceparent, created_at)
  SELECT p.user_id, p.version, p.type, p.amount, p.balance_after - p.amount, p.balance_after, p.held_change, p.held_after, p.status_after,
         COALESCE(p.draws,
                  (SELECT CONCAT('[', GROUP_CONCAT('{"g":', d.grant_id, ',"k":"', d.kind, '","c":', d.change_by, ',"r":', d.reserve, '}' ORDER BY d.place SEPARATOR ','),
                                 CASE WHEN p.new_kind IS NULL THEN '' ELSE CONCAT(',{"g":', p.grant_id, ',"k":"', p.new_kind, '","c":', p.new_amount, ',"r":0}') END, ']')
                     FROM w_draw d WHERE d.seq = p.seq)),
         COALESCE(p.own_reason, NULLIF(o.reason, ''), h.reason, ''), COALESCE(o.feature, h.feature), COALESCE(m.doc, h.metadata), COALESCE(o.actor, 'system'),
         p.related_id, p.hold_id, p.grant_id, p.new_kind, p.operation, COALESCE(p.own_key, o.request_key),
         CASE WHEN p.own_key IS NULL THEN o.request_hash END, p.period_start, o.traceparent, p.created_at
    FROM w_line p
    LEFT JOIN w_op o ON o.ord = p.ord
    LEFT JOIN w_doc m FORCE INDEX (PRIMARY) ON m.ord = CASE o.has_metadata WHEN 1 THEN o.ord END
    -- A capture or release says what its hold said, where it says nothing itself.
    LEFT JOIN credit_holds h FORCE INDEX (PRIMARY) ON h.id = p.hold_id
   ORDER BY p.seq;

  UPDATE w_line p
    STRAIGHT_JOIN w_account w ON w.user_id = p.user_id
    STRAIGHT_JOIN profiles a FORCE INDEX (PRIMARY) ON a.user_id = p.user_id
     SET a.version = p.version, a.balance = p.balance_after, a.held = p.held_after, a.status = p.status_after,
         a.allowance_remaining = p.allowance_after, a.is_low = p.low_after, a.last_at = p.created_at,
         a.due_at = w.due_at, a.tier = w.tier, a.monthly_credits = w.monthly_credits, a.next_reset_at = w.next_reset_at,
         a.served_start = w.served_start, a.served_end = w.served_end, a.served_given = w.served_given,
         a.lapse_at = CASE WHEN p.lapse_at IS NULL OR a.lapse_at <= p.lapse_at THEN a.lapse_at ELSE p.lapse_at END
   WHERE p.is_last = 1;

  -- The event of a row is the row itself: the view outbox_event reads it there when the relay asks. Here stands, once for all rows of the call, which
  -- they are and what they do not say.
  INSERT INTO outbox (event_id, topic, type, subject, occurred_at, payload, events, entries)
  SELECT UUID(), 'credits.v1', 'stipend.credits.v1.CreditsChanged', '', MIN(p.created_at), '{}', COUNT(*),
         CONCAT('[', GROUP_CONCAT('["', p.user_id, '",', p.version,
                CASE WHEN a.tier IS NULL THEN ''
                     ELSE CONCAT(',', CONVERT(JSON_QUOTE(a.tier) USING ascii), ',', COALESCE(a.monthly_credits, 0), ',', p.allowance_after,
                                 CASE WHEN a.next_reset_at IS NULL THEN '' ELSE CONCAT(',"', a.next_reset_at, '"') END) END,
                ']' ORDER BY p.seq SEPARATOR ','), ']')
    FROM w_line p
    JOIN w_account a ON a.user_id = p.user_id;

  IF v_signals > 0 THEN
    INSERT INTO outbox (event_id, topic, type, subject, occurred_at, payload)
    SELECT UUID(), 'credits.v1',
           CASE low_after WHEN 1 THEN 'stipend.credits.v1.LowBalance' ELSE 'stipend.credits.v1.LowBalanceRecovered' END,
           user_id, created_at,
           JSON_OBJECT('userId', user_id, 'version', version, 'available', balance_after - held_after, 'threshold', threshold,
                       'occurredAt', CONCAT(REPLACE(created_at, ' ', 'T'), 'Z'))
      FROM w_line WHERE low_before <> low_after ORDER BY seq;
  END IF;
END;

CREATE PROCEDURE `LedgerHoldDraws`()
BEGIN
  DECLARE v_entries INT DEFAULT 0;
  DELETE FROM w_source;
  SELECT COUNT(*) INTO v_entries FROM w_entry;
  IF v_entries > 0 THEN
    INSERT INTO w_source (id, place, grant_id, kind, amount)
    SELECT h.id, d.place, d.grant_id, d.kind, d.reserve
      FROM w_entry e
      STRAIGHT_JOIN credit_holds h FORCE INDEX (PRIMARY) ON h.id = e.hold_id
      STRAIGHT_JOIN credit_transactions t FORCE INDEX (credit_transactions_version) ON t.user_id = h.user_id AND t.version = h.origin_version
      STRAIGHT_JOIN JSON_TABLE(t.draws, '$[*]' COLUMNS (place FOR ORDINALITY, grant_id BIGINT PATH '$.g',
               kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.k', reserve BIGINT PATH '$.r')) d;
  END IF;
END;

CREATE PROCEDURE `LedgerHoldEnd`(IN in_now DATETIME(3), IN in_operations JSON, IN in_operation VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin)
BEGIN
  DECLARE v_open INT DEFAULT 0;
  CALL LedgerBegin();
  CALL LedgerRead(in_operations);
  -- Whose hold it is never changes: read without a lock.
  DELETE FROM w_user;
  INSERT INTO w_user (user_id)
  SELECT DISTINCT h.user_id FROM w_op o STRAIGHT_JOIN credit_holds h FORCE INDEX (PRIMARY) ON h.id = o.target_id;
  CALL LedgerLock(in_now);
  -- A hold past its end is expired here, before it is looked at.
  CALL LedgerLapse(in_now);

  INSERT INTO w_item (ord, user_id, amount, request_key, request_hash, target_id, tx_version, refundable, code, verdict)
  SELECT o.ord, h.user_id, COALESCE(o.amount, h.amount), o.request_key, o.request_hash, h.id, t.version, h.amount,
         -- LedgerLapse frees only so many at once: what it left is expired all the same.
         CASE WHEN h.status = 'open' AND h.expires_at <= in_now THEN 'expired' ELSE CONCAT(h.status) END,
         CASE WHEN o.request_key IS NULL OR o.request_hash IS NULL OR o.amount < 1 THEN 'invalid'
              WHEN h.id IS NULL OR o.user_id <> h.user_id THEN 'hold_not_found'
              WHEN t.id IS NOT NULL THEN CASE WHEN t.request_hash = o.request_hash THEN 'replayed' ELSE 'idempotency_key_reused' END END
    FROM w_op o
    LEFT JOIN credit_holds h FORCE INDEX (PRIMARY) ON h.id = o.target_id
    LEFT JOIN credit_transactions t FORCE INDEX (credit_transactions_request) ON t.user_id = h.user_id AND t.operation = in_operation AND t.request_key = o.request_key;

  -- The first sound one ends a hold. Each pass decides at least the first undecided operation, so it ends; mostly the first pass decides all.
  SELECT COUNT(*) INTO v_open FROM w_item WHERE verdict IS NULL;
  WHILE v_open > 0 DO
    DELETE FROM w_judge;
    INSERT INTO w_judge (ord, verdict, first_ord)
    SELECT ord,
           CASE WHEN answered IS NOT NULL THEN CASE WHEN answered_hash = request_hash THEN 'replayed' ELSE 'idempotency_key_reused' END
                WHEN ended IS NOT NULL THEN CASE in_operation WHEN 'capture' THEN 'hold_captured' ELSE 'hold_released' END
                WHEN ord = next_of_hold AND ord = next_of_key THEN CASE WHEN code <> 'open' THEN CONCAT('hold_', code) WHEN amount > refundable THEN 'capture_exceeds_hold' ELSE 'ok' END END,
           answered
      FROM (SELECT ord, verdict, request_hash, amount, refundable, code,
                   MAX(CASE WHEN verdict = 'ok' THEN ord END) OVER (PARTITION BY user_id, request_key) AS answered,
                   MAX(CASE WHEN verdict = 'ok' THEN request_hash END) OVER (PARTITION BY user_id, request_key) AS answered_hash,
                   MAX(CASE WHEN verdict = 'ok' THEN ord END) OVER (PARTITION BY target_id) AS ended,
                   MIN(CASE WHEN verdict IS NULL THEN ord END) OVER (PARTITION BY target_id) AS next_of_hold,
                   MIN(CASE WHEN verdict IS NULL THEN ord END) OVER (PARTITION BY user_id, request_key) AS next_of_key
              FROM w_item WHERE verdict IS NULL OR verdict = 'ok') i
     WHERE verdict IS NULL;
    UPDATE w_item i JOIN w_judge j ON j.ord = i.ord SET i.verdict = j.verdict, i.first_ord = j.first_ord WHERE j.verdict IS NOT NULL;
    SELECT COUNT(*) INTO v_open FROM w_item WHERE verdict IS NULL;
  END WHILE;
  UPDATE w_item SET refundable = CASE verdict WHEN 'capture_exceeds_hold' THEN refundable END;

  INSERT INTO w_entry (seq, ord, user_id, type, amount, held_change, hold_id, hold_end, operation)
  SELECT i.ord, i.ord, i.user_id, CASE in_operation WHEN 'capture' THEN 'consume' ELSE 'release' END,
         CASE in_operation WHEN 'capture' THEN -i.amount ELSE 0 END, -h.amount, h.id,
         CASE in_operation WHEN 'capture' THEN 'captured' ELSE 'released' END, in_operation
    FROM w_item i JOIN credit_holds h FORCE INDEX (PRIMARY) ON h.id = i.target_id
   WHERE i.verdict = 'ok';

  -- What the hold keeps of which grant stands in its ledger row. A capture takes from the first ones, in the order in which they were reserved.
  CALL LedgerHoldDraws();
  INSERT INTO w_draw (seq, place, grant_id, kind, change_by, reserve)
  SELECT seq, place, grant_id, kind, -GREATEST(0, LEAST(taken, until) - (until - amount)), -amount
    FROM (SELECT e.seq, d.place, d.grant_id, d.kind, d.amount, -e.amount AS taken,
                 SUM(d.amount) OVER (PARTITION BY e.seq ORDER BY d.place ROWS UNBOUNDED PRECEDING) AS until
            FROM w_entry e JOIN w_source d ON d.id = e.hold_id) kept;

  CALL LedgerBook(in_now);
  CALL LedgerLapseGrants(in_now);
END;

CREATE PROCEDURE `LedgerLapse`(IN in_now DATETIME(3))
BEGIN
  DECLARE v_due INT DEFAULT 0;
  DECLARE v_found INT DEFAULT 0;
  DECLARE v_pass INT DEFAULT 1;
  SELECT COUNT(*) INTO v_due FROM w_account WHERE lapse_at <= in_now;
  IF v_due > 0 THEN
    SET v_found = 1;
    -- In passes, because work tables are bounded and a pass costs more than its share when it is large. At most 10,000 holds a call:
    -- what is left stays reserved and lapse_at in the past, so the next touch goes on.
    WHILE v_found > 0 AND v_pass <= 20 DO
      INSERT INTO w_entry (seq, user_id, type, amount, held_change, hold_id, hold_end, operation, own_reason)
      SELECT ROW_NUMBER() OVER (ORDER BY h.expires_at, h.id), h.user_id, 'release', 0, -h.amount, h.id, 'expired', 'expire', 'hold expired'
        FROM w_account a
        STRAIGHT_JOIN credit_holds h FORCE INDEX (credit_holds_status) ON h.user_id = a.user_id AND h.status = 'open'
       WHERE a.lapse_at <= in_now AND h.expires_at <= in_now
       ORDER BY h.expires_at, h.id LIMIT 500;
      SET v_found = ROW_COUNT(), v_pass = v_pass + 1;
      IF v_found > 0 THEN
        CALL LedgerHoldDraws();
        INSERT INTO w_draw (seq, place, grant_id, kind, change_by, reserve)
        SELECT e.seq, d.place, d.grant_id, d.kind, 0, -d.amount FROM w_entry e JOIN w_source d ON d.id = e.hold_id;
        CALL LedgerBook(in_now);
      END IF;
    END WHILE;

    CALL LedgerLapseGrants(in_now);

    -- Spent grants count: a refund opens them again. A row that an engine passes over here keeps a lapse_at in the past: the next touch looks again.
    UPDATE (SELECT a.user_id, (SELECT MIN(g.expires_at) FROM credit_grants g
                                WHERE g.user_id = a.user_id AND g.state IN ('open', 'spent') AND g.expires_at > in_now) AS grant_end,
                   (SELECT MIN(h.expires_at) FROM credit_holds h WHERE h.user_id = a.user_id AND h.status = 'open') AS hold_end
              FROM w_account a WHERE a.lapse_at <= in_now) n
      STRAIGHT_JOIN profiles p FORCE INDEX (PRIMARY) ON p.user_id = n.user_id
       SET p.lapse_at = CASE WHEN n.grant_end IS NULL OR n.hold_end < n.grant_end THEN n.hold_end ELSE n.grant_end END;
    UPDATE w_account a STRAIGHT_JOIN profiles p FORCE INDEX (PRIMARY) ON p.user_id = a.user_id SET a.lapse_at = p.lapse_at WHERE a.lapse_at <= in_now;
  END IF;
END;

CREATE PROCEDURE `LedgerLapseGrants`(IN in_now DATETIME(3))
BEGIN
  DECLARE v_found INT DEFAULT 1;
  -- In passes, because work tables are bounded; each lapses what it finds, so it ends.
  WHILE v_found > 0 DO
    INSERT INTO w_entry (seq, user_id, type, amount, grant_id, operation, own_reason)
    SELECT ROW_NUMBER() OVER (ORDER BY g.expires_at, g.id), g.user_id, 'expire', g.reserved - g.remaining, g.id, 'expire',
           CASE WHEN g.expires_at <= in_now THEN 'grant expired' ELSE 'allowance lapsed' END
      FROM w_account a
      STRAIGHT_JOIN credit_grants g FORCE INDEX (credit_grants_state) ON g.user_id = a.user_id AND g.state IN ('open', 'ending')
     WHERE (g.state = 'ending' OR g.expires_at <= in_now) AND g.remaining > g.reserved
     ORDER BY g.expires_at, g.id LIMIT 500;
    SET v_found = ROW_COUNT();
    IF v_found > 0 THEN
      INSERT INTO w_draw (seq, place, grant_id, kind, change_by, reserve, ends)
      SELECT e.seq, 1, g.id, g.kind, e.amount, 0, 1
        FROM w_entry e JOIN credit_grants g FORCE INDEX (PRIMARY) ON g.id = e.grant_id;
      CALL LedgerBook(in_now);
    END IF;
  END WHILE;
END;

CREATE PROCEDURE `LedgerLock`(IN in_now DATETIME(3))
BEGIN
  DECLARE v_missing INT DEFAULT 0;

  INSERT INTO w_account (user_id, version, balance, held, status, allowance_remaining, tier, monthly_credits, next_reset_at,
                         due_at, lapse_at, low_threshold, is_low, served_start, served_end, served_given, last_at)
  SELECT p.user_id, p.version, p.balance, p.held, p.status, p.allowance_remaining, p.tier, p.monthly_credits, p.next_reset_at,
         p.due_at, p.lapse_at, p.low_threshold, p.is_low, p.served_start, p.served_end, p.served_given, p.last_at
    -- The LIMIT keeps the derived table, and with it the order in which the locks are taken.
    FROM (SELECT user_id FROM w_user ORDER BY user_id LIMIT 100000) u
    STRAIGHT_JOIN profiles p FORCE INDEX (PRIMARY) ON p.user_id = u.user_id
     FOR UPDATE;

  SELECT COUNT(*) INTO v_missing
    FROM w_user u LEFT JOIN w_account a ON a.user_id = u.user_id
   WHERE a.user_id IS NULL;

  IF v_missing > 0 THEN
    INSERT IGNORE INTO profiles (user_id, created_at, last_at)
    SELECT u.user_id, in_now, in_now
      FROM w_user u LEFT JOIN w_account a ON a.user_id = u.user_id
     WHERE a.user_id IS NULL AND u.user_id REGEXP '^[A-Za-z0-9_.@|:-]+$'
     ORDER BY u.user_id;

    DELETE FROM w_account;
    INSERT INTO w_account (user_id, version, balance, held, status, allowance_remaining, tier, monthly_credits, next_reset_at,
                           due_at, lapse_at, low_threshold, is_low, served_start, served_end, served_given, last_at)
    SELECT p.user_id, p.version, p.balance, p.held, p.status, p.allowance_remaining, p.tier, p.monthly_credits, p.next_reset_at,
           p.due_at, p.lapse_at, p.low_threshold, p.is_low, p.served_start, p.served_end, p.served_given, p.last_at
      FROM (SELECT user_id FROM w_user ORDER BY user_id LIMIT 100000) u
      STRAIGHT_JOIN profiles p FORCE INDEX (PRIMARY) ON p.user_id = u.user_id
       FOR UPDATE;
  END IF;
END;

CREATE PROCEDURE `LedgerRead`(IN in_operations JSON)
BEGIN
  DECLARE v_documents INT DEFAULT 0;
  INSERT INTO w_op (ord, user_id, amount, ttl, request_key, request_hash, reason, feature, actor, traceparent, has_metadata,
                    target_id, code, reference, priority, ends_at, flag)
  SELECT ord, user_id, amount, ttl, request_key, request_hash, reason, feature, actor, traceparent, has_metadata,
         COALESCE(transaction_id, hold_id), COALESCE(kind, action, code), reference, priority, ends_at, flag
    FROM JSON_TABLE(in_operations, '$[*]' COLUMNS (
           ord FOR ORDINALITY,
           user_id VARCHAR(129) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           amount BIGINT PATH '$.amount',
           ttl BIGINT PATH '$.ttlSeconds',
           request_key VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin PATH '$.requestKey',
           request_hash VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.requestHash',
           reason VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.reason',
           feature VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.feature',
           actor VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.actor',
           traceparent VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.traceparent',
           has_metadata INT EXISTS PATH '$.metadata',
           transaction_id BIGINT PATH '$.transactionId',
           hold_id BIGINT PATH '$.holdId',
           kind VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.kind',
           action VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.action',
           code VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.code',
           reference VARCHAR(192) CHARACTER SET ascii COLLATE ascii_bin PATH '$.paymentReference',
           priority INT PATH '$.priority',
           ends_at DATETIME(3) PATH '$.expiresAt',
           flag VARCHAR(5) CHARACTER SET ascii COLLATE ascii_bin PATH '$.membershipNotRequired')) o;

  SELECT COALESCE(SUM(has_metadata), 0) INTO v_documents FROM w_op;
  IF v_documents > 0 THEN
    DELETE FROM w_doc;
    INSERT INTO w_doc (ord, doc)
    SELECT ord, doc FROM JSON_TABLE(in_operations, '$[*]' COLUMNS (ord FOR ORDINALITY, doc JSON PATH '$.metadata')) o WHERE doc IS NOT NULL;
  END IF;

  INSERT INTO w_user (user_id) SELECT DISTINCT user_id FROM w_op WHERE CHAR_LENGTH(user_id) BETWEEN 1 AND 128;
END;

CREATE PROCEDURE `LedgerReadAudit`(IN in_operations JSON)
BEGIN
  DELETE FROM w_audit;
  INSERT INTO w_audit (ord, id, actor, roles, action, reason, ip, user_agent, request_id, trace_id, traceparent)
  SELECT COALESCE(own_ord, place), id, actor, roles, action, reason, ip, user_agent, request_id, trace_id, traceparent
    FROM JSON_TABLE(in_operations, '$[*]' COLUMNS (
           place FOR ORDINALITY,
           own_ord INT PATH '$.ord',
           id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.audit.id',
           actor VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.audit.actor',
           roles JSON PATH '$.audit.roles',
           action VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.audit.action',
           reason VARCHAR(1000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.audit.reason',
           ip VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.audit.ip',
           user_agent VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.audit.userAgent',
           request_id VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.audit.requestId',
           trace_id VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.audit.traceId',
           traceparent VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.traceparent')) o
   WHERE id IS NOT NULL;
END;

CREATE PROCEDURE `LedgerReadMonths`(IN in_operations JSON)
BEGIN
  DELETE FROM w_month;
  INSERT INTO w_month (ord, month, starts_at, ends_at, amount)
  SELECT COALESCE(own_ord, place), month, starts_at, ends_at, amount
    FROM JSON_TABLE(in_operations, '$[*]' COLUMNS (
           place FOR ORDINALITY,
           own_ord INT PATH '$.ord',
           NESTED PATH '$.schedule[*]' COLUMNS (
             month INT PATH '$.month',
             starts_at DATETIME(3) PATH '$.periodStart',
             ends_at DATETIME(3) PATH '$.periodEnd',
             amount BIGINT PATH '$.amount'))) o
   WHERE starts_at IS NOT NULL;
END;

CREATE PROCEDURE `LedgerReadSpend`(IN in_operations JSON, IN in_operation VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin)
BEGIN
  DECLARE v_documents INT DEFAULT 0;
  INSERT INTO w_op (ord, user_id, amount, request_key, request_hash, reason, feature, actor, traceparent, has_metadata)
  SELECT ord, user_id, amount, request_key, request_hash, reason, feature, actor, traceparent, has_metadata
    FROM JSON_TABLE(in_operations, '$[*]' COLUMNS (
           ord FOR ORDINALITY,
           user_id VARCHAR(129) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           amount BIGINT PATH '$.amount',
           request_key VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin PATH '$.requestKey',
           request_hash VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.requestHash',
           reason VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.reason',
           feature VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.feature',
           actor VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.actor',
           traceparent VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.traceparent',
           has_metadata INT EXISTS PATH '$.metadata')) o;

  SELECT COALESCE(SUM(has_metadata), 0) INTO v_documents FROM w_op;
  IF v_documents > 0 THEN
    DELETE FROM w_doc;
    INSERT INTO w_doc (ord, doc)
    SELECT ord, doc FROM JSON_TABLE(in_operations, '$[*]' COLUMNS (ord FOR ORDINALITY, doc JSON PATH '$.metadata')) o WHERE doc IS NOT NULL;
  END IF;

  IF in_operation = 'hold' THEN
    DELETE FROM w_judge;
    INSERT INTO w_judge (ord, figure)
    SELECT ord, ttl FROM JSON_TABLE(in_operations, '$[*]' COLUMNS (ord FOR ORDINALITY, ttl BIGINT PATH '$.ttlSeconds')) o;
    UPDATE w_op o JOIN w_judge j ON j.ord = o.ord SET o.ttl = j.figure;
  END IF;

  INSERT INTO w_user (user_id) SELECT DISTINCT user_id FROM w_op WHERE CHAR_LENGTH(user_id) BETWEEN 1 AND 128;
END;

CREATE PROCEDURE `LedgerRepairPlan`()
BEGIN
  SET SESSION group_concat_max_len = 4194304;
  UPDATE w_repair_grant x JOIN w_repair r ON r.user_id = x.user_id SET x.base = r.base;
  UPDATE w_repair r
    JOIN (SELECT user_id, SUM(remaining) AS grants, SUM(reserved) AS reserved,
                 SUM(CASE WHEN owned = 0 AND (newest > base OR drawn <> 0 OR drawn_reserved <> 0) THEN 1 ELSE 0 END) AS strange
            FROM w_repair_grant GROUP BY user_id) g ON g.user_id = r.user_id
     SET r.grants = g.grants, r.reserved = g.reserved, r.strange = g.strange;
  UPDATE w_repair r JOIN w_repair_refund f ON f.user_id = r.user_id SET r.excess = f.excess;
  UPDATE w_repair r JOIN w_repair_misread m ON m.user_id = r.user_id SET r.misread = m.misread;

  UPDATE w_repair SET tail = CASE WHEN version > newest AND grants = balance THEN 1 ELSE 0 END;
  UPDATE w_repair
     SET told = CASE tail WHEN 1 THEN balance ELSE last_balance END,
         told_held = CASE tail WHEN 1 THEN held ELSE last_held END,
         -- Of two that disagree and no row to tell, the one that lets nothing happen.
         target_status = CASE WHEN tail = 1 AND 'frozen' IN (status, last_status) THEN 'frozen' ELSE last_status END,
         accounted = GREATEST(0, amounts - misread + jumps + CASE tail WHEN 1 THEN balance - last_balance ELSE 0 END);
  UPDATE w_repair SET witness = CASE WHEN (gaps > 0 OR tail = 1 OR strange > 0) AND grants = accounted THEN 1 ELSE 0 END;

  -- Which holds keep what they say. Where rows are missing, the one that ended it may be among them.
  UPDATE w_repair_hold x JOIN w_repair r ON r.user_id = x.user_id
     SET x.opened = 0
   WHERE x.opened = 1 AND x.status <> 'open' AND (r.gaps > 0 OR r.tail = 1);
  UPDATE w_repair_hold x
    JOIN (SELECT p.user_id, p.hold_id, SUM(p.amount) AS amount, MIN(COALESCE(g.owned, 0)) AS owned
            FROM w_repair_part p
            LEFT JOIN w_repair_grant g ON g.user_id = p.user_id AND g.grant_id = p.grant_id
           GROUP BY p.user_id, p.hold_id) q ON q.user_id = x.user_id AND q.hold_id = x.hold_id
     SET x.formed = 1
   WHERE x.opened = 1 AND q.owned = 1 AND q.amount = x.hold_amount;
  DELETE p FROM w_repair_part p JOIN w_repair_hold x ON x.user_id = p.user_id AND x.hold_id = p.hold_id WHERE x.formed = 0;
  UPDATE w_repair r JOIN (SELECT user_id, SUM(CASE status WHEN 'open' THEN amount ELSE 0 END) AS holds, SUM(CASE formed WHEN 1 THEN hold_amount ELSE 0 END) AS kept
                            FROM w_repair_hold GROUP BY user_id) h ON h.user_id = r.user_id
     SET r.holds = h.holds, r.target_held = h.kept;
  UPDATE w_repair SET target = accounted - LEAST(excess, GREATEST(accounted - target_held, 0));

  -- What is left of each grant.
  UPDATE w_repair_grant x JOIN (SELECT user_id, grant_id, SUM(amount) AS amount FROM w_repair_part GROUP BY user_id, grant_id) p
         ON p.user_id = x.user_id AND p.grant_id = x.grant_id
     SET x.wished = p.amount;
  UPDATE w_repair_grant x JOIN w_repair r ON r.user_id = x.user_id
     SET x.basis = CASE WHEN x.owned = 0 THEN 0 WHEN r.witness = 1 THEN x.remaining ELSE GREATEST(x.drawn, 0) END;
  UPDATE w_repair r JOIN (SELECT user_id, SUM(basis) AS basis FROM w_repair_grant GROUP BY user_id) g ON g.user_id = r.user_id SET r.basis = g.basis;
  UPDATE w_repair SET fresh_amount = GREATEST(target - basis, 0);
  INSERT INTO w_repair_taken (user_id, grant_id, amount)
  SELECT user_id, grant_id, LEAST(free, GREATEST(take - (free_until - free), 0)) + LEAST(kept, GREATEST(take - free_all - (kept_until - kept), 0))
    FROM (SELECT user_id, grant_id, take, free, kept, SUM(free) OVER (PARTITION BY user_id) AS free_all,
                 SUM(free) OVER drawn_in_order AS free_until, SUM(kept) OVER drawn_in_order AS kept_until
            FROM (SELECT g.user_id, g.grant_id, g.priority, g.expires_at, g.origin_version AS since, r.basis - r.target AS take, GREATEST(g.basis - g.wished, 0) AS free, LEAST(g.basis, g.wished) AS kept
                    FROM w_repair r JOIN w_repair_grant g ON g.user_id = r.user_id
                   WHERE r.basis > r.target AND g.basis > 0) parted
          WINDOW drawn_in_order AS (PARTITION BY user_id ORDER BY priority, expires_at IS NULL, expires_at, since, grant_id ROWS UNBOUNDED PRECEDING)) placed;
  UPDATE w_repair_grant SET target = basis;
  UPDATE w_repair_grant x JOIN w_repair_taken t ON t.user_id = x.user_id AND t.grant_id = x.grant_id SET x.target = x.basis - t.amount;

  -- Holds that are not covered end, the newest first.
  UPDATE w_repair_hold SET kept = formed;
  UPDATE w_repair_hold x
    JOIN (SELECT user_id, hold_id, MAX(CASE WHEN until > target THEN 1 ELSE 0 END) AS lacks
            FROM (SELECT p.user_id, p.hold_id, g.target, SUM(p.amount) OVER (PARTITION BY p.user_id, p.grant_id ORDER BY p.hold_id ROWS UNBOUNDED PRECEDING) AS until
                    FROM w_repair_part p JOIN w_repair_grant g ON g.user_id = p.user_id AND g.grant_id = p.grant_id) placed
           GROUP BY user_id, hold_id) q ON q.user_id = x.user_id AND q.hold_id = x.hold_id
     SET x.kept = 0
   WHERE q.lacks = 1;
  UPDATE w_repair_grant x
    JOIN (SELECT p.user_id, p.grant_id, SUM(p.amount) AS amount
            FROM w_repair_part p JOIN w_repair_hold h ON h.user_id = p.user_id AND h.hold_id = p.hold_id
           WHERE h.kept = 1 GROUP BY p.user_id, p.grant_id) q ON q.user_id = x.user_id AND q.grant_id = x.grant_id
     SET x.target_reserved = q.amount;
  UPDATE w_repair_hold
     SET action = CASE WHEN kept = 1 AND status IS NULL THEN 'restored'
                       WHEN kept = 1 AND status <> 'open' THEN 'reopened'
                       WHEN kept = 1 AND amount <> hold_amount THEN 'reopened'
                       WHEN kept = 1 THEN NULL
                       WHEN ended_by IS NOT NULL AND status = 'open' THEN 'closed'
                       WHEN status = 'open' OR opened = 1 THEN 'released' END;
  UPDATE w_repair_grant
     SET target_state = CASE WHEN target = 0 THEN CASE WHEN state IN ('ended', 'ending') THEN 'ended' ELSE 'spent' END
                             WHEN state IN ('open', 'ending') THEN state
                             -- What lapsed once may not be spent again.
                             WHEN state = 'ended' AND lapsed = 1 THEN 'ending' ELSE 'open' END;

  UPDATE w_repair r
    JOIN (SELECT user_id, SUM(CASE kind WHEN 'allowance' THEN owned * target ELSE 0 END) AS allowance, SUM(target - drawn) AS drawn, SUM(target_reserved - drawn_reserved) AS drawn_reserved,
                 SUM(CASE kind WHEN 'allowance' THEN target - drawn ELSE 0 END) AS drawn_allowance,
                 SUM(CASE WHEN target <> drawn OR target_reserved <> drawn_reserved THEN 1 ELSE 0 END) AS lacking,
                 SUM(CASE WHEN owned = 1 AND (target <> remaining OR target_reserved <> reserved OR target_state <> state) THEN 1 ELSE 0 END) AS changes,
                 GROUP_CONCAT(CASE WHEN owned = 1 AND (target <> remaining OR target_reserved <> reserved OR target_state <> state)
                                   THEN CONCAT(grant_id, ':', target - remaining, ':', target_reserved - reserved, ':', state, ':', target_state) END
                              ORDER BY grant_id SEPARATOR ',') AS words
            FROM w_repair_grant GROUP BY user_id) g ON g.user_id = r.user_id
     SET r.target_allowance = g.allowance, r.drawn = g.drawn, r.drawn_reserved = g.drawn_reserved, r.drawn_allowance = g.drawn_allowance, r.lacking = g.lacking,
         r.grant_changes = g.changes, r.grant_words = g.words;
  UPDATE w_repair r
    JOIN (SELECT user_id, SUM(CASE kept WHEN 1 THEN hold_amount ELSE 0 END) AS held, SUM(action IS NOT NULL) AS changes,
                 GROUP_CONCAT(CONCAT(hold_id, ':', action) ORDER BY hold_id SEPARATOR ',') AS words
            FROM w_repair_hold GROUP BY user_id) h ON h.user_id = r.user_id
     SET r.target_held = h.held, r.hold_changes = h.changes, r.hold_words = h.words;

  UPDATE w_repair
     SET restates = CASE WHEN breaks > 0 OR gaps > 0 OR version > newest OR strange > 0 OR excess > 0 OR misread <> 0 OR lacking > 0 OR fresh_amount > 0
                              OR target <> told OR target_held <> told_held THEN 1 ELSE 0 END;
  UPDATE w_repair
     SET differs = CASE WHEN restates = 1 OR version <> newest OR balance <> target OR held <> target_held OR status <> target_status OR allowance <> target_allowance
                             OR grant_changes > 0 OR hold_changes > 0 THEN 1 ELSE 0 END,
         -- Differences, not figures: spending moves all sides alike.
         proposal = LEFT(SHA2(CONCAT_WS('|', user_id, base, version - newest, balance - target, held - target_held, status, target_status, allowance - target_allowance,
                                        target - told, target_held - told_held, breaks, gaps, strange, excess, misread, fresh_amount, COALESCE(grant_words, ''), COALESCE(hold_words, '')), 256), 32);
END;

CREATE PROCEDURE `LedgerRepairRead`()
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
END;

CREATE PROCEDURE `LedgerRepairTables`()
BEGIN
  CREATE TEMPORARY TABLE IF NOT EXISTS w_repair (
    user_id       VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    version       BIGINT NOT NULL,
    balance       BIGINT NOT NULL,
    held          BIGINT NOT NULL,
    status        VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    allowance     BIGINT NOT NULL,
    -- Version of the newest row that restated the account: everything up to it is dealt with.
    base          BIGINT NOT NULL,
    newest        BIGINT NOT NULL,
    -- Σ amounts since the base, on top of what it left.
    amounts       BIGINT NOT NULL,
    -- What the balance moved by where versions are missing: the rows around a gap are witnesses of what stood in it.
    jumps         BIGINT NOT NULL,
    gaps          BIGINT NOT NULL,
    breaks        BIGINT NOT NULL,
    last_balance  BIGINT NOT NULL,
    last_held     BIGINT NOT NULL,
    last_status   VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    -- Of the grants as they stand in the table.
    grants        BIGINT NOT NULL DEFAULT 0,
    reserved      BIGINT NOT NULL DEFAULT 0,
    -- Of the holds as they stand in the table.
    holds         BIGINT NOT NULL DEFAULT 0,
    -- Draws from grants that are not the account's.
    strange       BIGINT NOT NULL DEFAULT 0,
    excess        BIGINT NOT NULL DEFAULT 0,
    misread       BIGINT NOT NULL DEFAULT 0,
    -- The newest rows are missing, but account and grants agree on what they left.
    tail          TINYINT NOT NULL DEFAULT 0,
    -- The table of grants, not the draws, says what is left of each.
    witness       TINYINT NOT NULL DEFAULT 0,
    -- What the customer was told last.
    told          BIGINT NOT NULL DEFAULT 0,
    told_held     BIGINT NOT NULL DEFAULT 0,
    -- What the ledger accounts for, before anything is taken back.
    accounted     BIGINT NOT NULL DEFAULT 0,
    basis         BIGINT NOT NULL DEFAULT 0,
    target        BIGINT NOT NULL DEFAULT 0,
    target_held   BIGINT NOT NULL DEFAULT 0,
    target_status VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NULL,
    target_allowance BIGINT NOT NULL DEFAULT 0,
    -- Of a new grant, for what no grant holds.
    fresh_amount  BIGINT NOT NULL DEFAULT 0,
    -- Σ of what the row says of grants, signed, and in allowances.
    drawn         BIGINT NOT NULL DEFAULT 0,
    drawn_reserved BIGINT NOT NULL DEFAULT 0,
    drawn_allowance BIGINT NOT NULL DEFAULT 0,
    -- Grants and holds that change, and draws that the ledger lacks.
    grant_changes BIGINT NOT NULL DEFAULT 0,
    hold_changes  BIGINT NOT NULL DEFAULT 0,
    lacking       BIGINT NOT NULL DEFAULT 0,
    grant_words   LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    hold_words    LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    -- The ledger itself is damaged: the row restates the account.
    restates      TINYINT NOT NULL DEFAULT 0,
    differs       TINYINT NOT NULL DEFAULT 0,
    proposal      VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    PRIMARY KEY (user_id)
  ) ENGINE = InnoDB;

  CREATE TEMPORARY TABLE IF NOT EXISTS w_repair_grant (
    user_id         VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    grant_id        BIGINT NOT NULL,
    kind            VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL,
    owned           TINYINT NOT NULL DEFAULT 0,
    origin_version  BIGINT NULL,
    remaining       BIGINT NOT NULL DEFAULT 0,
    reserved        BIGINT NOT NULL DEFAULT 0,
    state           VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NULL,
    priority        INT NOT NULL DEFAULT 0,
    expires_at      DATETIME(3) NULL,
    -- Σ of the account's draws from it.
    drawn           BIGINT NOT NULL DEFAULT 0,
    drawn_reserved  BIGINT NOT NULL DEFAULT 0,
    -- The last row that names it.
    newest          BIGINT NOT NULL DEFAULT 0,
    -- A row of the ledger lapsed it.
    lapsed          TINYINT NOT NULL DEFAULT 0,
    base            BIGINT NOT NULL DEFAULT 0,
    basis           BIGINT NOT NULL DEFAULT 0,
    wished          BIGINT NOT NULL DEFAULT 0,
    target          BIGINT NOT NULL DEFAULT 0,
    target_reserved BIGINT NOT NULL DEFAULT 0,
    target_state    VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NULL,
    PRIMARY KEY (user_id, grant_id)
  ) ENGINE = InnoDB;

  CREATE TEMPORARY TABLE IF NOT EXISTS w_repair_hold (
    user_id      VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    hold_id      BIGINT NOT NULL,
    -- As it stands in the table; NULL: it does not.
    status       VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NULL,
    amount       BIGINT NULL,
    end_version  BIGINT NULL,
    -- By the ledger: opened and not ended.
    opened       TINYINT NOT NULL DEFAULT 0,
    hold_version BIGINT NULL,
    hold_amount  BIGINT NULL,
    -- The row that ended it.
    ended_by     BIGINT NULL,
    -- It keeps all it says, of the account's own grants.
    formed       TINYINT NOT NULL DEFAULT 0,
    kept         TINYINT NOT NULL DEFAULT 0,
    action       VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NULL,
    PRIMARY KEY (user_id, hold_id)
  ) ENGINE = InnoDB;

  CREATE TEMPORARY TABLE IF NOT EXISTS w_repair_taken (
    user_id  VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    grant_id BIGINT NOT NULL,
    amount   BIGINT NOT NULL,
    PRIMARY KEY (user_id, grant_id)
  ) ENGINE = InnoDB;

  CREATE TEMPORARY TABLE IF NOT EXISTS w_repair_refund (
    user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    excess  BIGINT NOT NULL,
    PRIMARY KEY (user_id)
  ) ENGINE = InnoDB;

  CREATE TEMPORARY TABLE IF NOT EXISTS w_repair_misread (
    user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    misread BIGINT NOT NULL,
    PRIMARY KEY (user_id)
  ) ENGINE = InnoDB;

  -- The last one: LedgerRepairRead looks for it first, as LedgerBegin does.
  CREATE TEMPORARY TABLE IF NOT EXISTS w_repair_part (
    user_id  VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    hold_id  BIGINT NOT NULL,
    grant_id BIGINT NOT NULL,
    amount   BIGINT NOT NULL,
    KEY (user_id, hold_id)
  ) ENGINE = InnoDB;
END;

CREATE PROCEDURE `LedgerRepairWords`()
BEGIN
  UPDATE w_repair SET grant_words = '[]', hold_words = '[]';
  UPDATE w_repair r
    JOIN (SELECT user_id, GROUP_CONCAT('{"id":"', grant_id, '","kind":"', kind, '","remaining":{"from":', remaining, ',"to":', target,
                                       '},"reserved":{"from":', reserved, ',"to":', target_reserved, '}}' ORDER BY grant_id SEPARATOR ',') AS words
            FROM (SELECT user_id, grant_id, kind, remaining, target, reserved, target_reserved, ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY grant_id) AS place
                    FROM w_repair_grant
                   WHERE owned = 1 AND (target <> remaining OR target_reserved <> reserved OR target_state <> state)) numbered
           WHERE place <= 20 GROUP BY user_id) g ON g.user_id = r.user_id
     SET r.grant_words = CONCAT('[', g.words, ']');
  UPDATE w_repair r
    JOIN (SELECT user_id, GROUP_CONCAT('{"id":"', hold_id, '","action":"', action, '","amount":', amount, '}' ORDER BY hold_id SEPARATOR ',') AS words
            FROM (SELECT user_id, hold_id, action, COALESCE(hold_amount, amount, 0) AS amount, ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY hold_id) AS place
                    FROM w_repair_hold WHERE action IS NOT NULL) numbered
           WHERE place <= 20 GROUP BY user_id) h ON h.user_id = r.user_id
     SET r.hold_words = CONCAT('[', h.words, ']');
END;

CREATE PROCEDURE `LedgerSettle`(IN in_now DATETIME(3), IN in_steps JSON, IN in_accounts JSON, IN in_claim BIGINT)
BEGIN
  DECLARE v_again INT DEFAULT 0;
  DECLARE v_many INT DEFAULT 0;
  DECLARE v_unclaimed INT DEFAULT 0;
  DECLARE v_unchanged INT DEFAULT 0;
  DECLARE v_ended INT DEFAULT 0;
  DECLARE v_months INT DEFAULT 0;
  DECLARE v_claimed INT DEFAULT 0;

  SET v_claimed = COALESCE(in_claim = @ledger_claim, 0), @ledger_claim = NULL;
  IF v_claimed = 0 THEN
    CALL LedgerBegin();
  END IF;
  INSERT INTO w_op (ord, user_id, amount, request_key, request_hash, reason, actor, traceparent, code, starts_at, ends_at, flag,
                    membership_version, rollover, missed, due_at, tier, monthly_credits, next_reset_at)
  SELECT a.ord, a.user_id, s.quota, s.request_key, s.request_hash, s.reason, s.actor, s.traceparent, s.action, s.starts_at, s.ends_at, s.cancel,
         a.membership_version, s.rollover, s.missed, s.due_at, s.tier, s.monthly_credits, s.next_reset_at
    FROM JSON_TABLE(in_accounts, '$[*]' COLUMNS (
           ord FOR ORDINALITY,
           user_id VARCHAR(129) CHARACTER SET ascii COLLATE ascii_bin PATH '$[0]',
           membership_version BIGINT PATH '$[1]',
           step INT PATH '$[2]')) a
    -- The LIMIT keeps the derived table: the steps are parsed once, not again for each account.
    LEFT JOIN (SELECT * FROM JSON_TABLE(in_steps, '$[*]' COLUMNS (
           place FOR ORDINALITY,
           action VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin PATH '$.action',
           starts_at DATETIME(3) PATH '$.periodStart',
           ends_at DATETIME(3) PATH '$.periodEnd',
           quota BIGINT PATH '$.quota',
           rollover BIGINT PATH '$.rolloverCap',
           missed BIGINT PATH '$.missedCredits',
           due_at DATETIME(3) PATH '$.dueAt',
           tier VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.tier',
           monthly_credits BIGINT PATH '$.monthlyCredits',
           next_reset_at DATETIME(3) PATH '$.nextResetAt',
           cancel VARCHAR(5) CHARACTER SET ascii COLLATE ascii_bin PATH '$.cancelSchedule',
           reason VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.reason',
           actor VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.actor',
           traceparent VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.traceparent',
           request_key VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin PATH '$.requestKey',
           request_hash VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.requestHash')) parsed LIMIT 100000) s ON s.place = a.step;
  SET v_again = ROW_COUNT();
  -- An account is to be named once; which of its operations comes first matters only where one is not.
  IF v_claimed = 1 THEN
    SELECT COUNT(*) - COUNT(DISTINCT a.user_id) INTO v_unclaimed FROM w_op o LEFT JOIN w_account a ON a.user_id = o.user_id;
    IF v_unclaimed = 0 THEN
      SET v_again = 0;
    ELSE
      SET v_claimed = 0;
    END IF;
  END IF;
  IF v_claimed = 0 THEN
    DELETE FROM w_user;
    INSERT INTO w_user (user_id) SELECT DISTINCT user_id FROM w_op WHERE CHAR_LENGTH(user_id) BETWEEN 1 AND 128;
    SET v_again = v_again - ROW_COUNT();
    DELETE FROM w_account;
    CALL LedgerLock(in_now);
  END IF;
  CALL LedgerLapse(in_now);

  -- Read once, because judging, lapsing and ending all need them.
  DELETE FROM w_allowance;
  INSERT INTO w_allowance (grant_id, user_id, state, remaining, reserved)
  SELECT g.id, g.user_id, g.state, g.remaining, g.reserved
    FROM w_account a
    STRAIGHT_JOIN credit_grants g FORCE INDEX (credit_grants_state) ON g.user_id = a.user_id AND g.state IN ('open', 'spent') AND g.kind = 'allowance';
  IF v_again > 0 THEN
    DELETE FROM w_judge;
    INSERT INTO w_judge (ord) SELECT MIN(ord) FROM w_op GROUP BY user_id;
  END IF;

  -- amount: the quota. available: unreserved leftover of the allowance. refundable: what moves over to the new period. code: the action.
  -- flag: its period is the served one from now on: 1 = it was served in part before, 2 = it is a new one.
  INSERT INTO w_item (ord, user_id, amount, request_key, request_hash, tx_version, available, refundable, code, starts_at, ends_at, verdict, flag)
  SELECT ord, user_id, quota, request_key, request_hash, tx_version, leftover, LEAST(rollover, leftover + missed), action, starts_at, ends_at,
         CASE WHEN refused IS NOT NULL THEN refused
              WHEN action = 'none' THEN 'unchanged'
              WHEN action = 'forfeit' THEN CASE WHEN leftover > 0 THEN 'forfeited' ELSE 'unchanged' END
              -- A period that was over before the served one began: too late for it.
              WHEN ends_at <= served_start AND action = 'give' THEN 'unchanged'
              WHEN served_end IS NULL THEN CASE WHEN quota > 0 THEN 'first' ELSE 'unchanged' END
              WHEN action = 'force' OR starts_at >= served_end THEN 'reset'
              WHEN quota > served_given THEN 'topped_up'
              ELSE 'unchanged' END,
         CASE WHEN refused IS NOT NULL OR action NOT IN ('give', 'force') OR ends_at <= served_start THEN 0
              WHEN starts_at >= served_end THEN 2
              ELSE 1 END
    FROM (SELECT o.ord, a.user_id, COALESCE(o.amount, 0) AS quota, o.request_key, o.request_hash, t.version AS tx_version, o.code AS action, o.starts_at, o.ends_at,
                 a.served_start, a.served_end, a.served_given, GREATEST(COALESCE(o.rollover, 0), 0) AS rollover, GREATEST(COALESCE(o.missed, 0), 0) AS missed,
                 COALESCE(g.leftover, 0) AS leftover,
                 CASE WHEN a.user_id IS NULL OR o.code IS NULL OR o.code NOT IN ('give', 'force', 'forfeit', 'none')
                           OR (v_again > 0 AND j.ord IS NULL)
                           OR (o.code IN ('give', 'force') AND (o.starts_at IS NULL OR o.ends_at IS NULL OR o.ends_at <= o.starts_at
                                                                  OR o.amount IS NULL OR o.amount NOT BETWEEN 0 AND 1000000000)) THEN 'invalid'
                      WHEN t.id IS NOT NULL THEN CASE WHEN t.request_hash = o.request_hash THEN 'replayed' ELSE 'idempotency_key_reused' END
                      WHEN v_claimed = 0 AND COALESCE(m.version, -1) <> COALESCE(o.membership_version, -1) THEN 'stale'
                      WHEN o.code IN ('give', 'force') AND o.starts_at > in_now THEN 'not_current' END AS refused
            FROM w_op o
            LEFT JOIN w_account a ON a.user_id = o.user_id
            LEFT JOIN w_judge j ON j.ord = o.ord
            -- What was claimed was planned from the copy that was read under the lock.
            LEFT JOIN membership_state m FORCE INDEX (PRIMARY) ON v_claimed = 0 AND m.user_id = a.user_id
            LEFT JOIN credit_transactions t FORCE INDEX (credit_transactions_request) ON t.user_id = a.user_id AND t.operation = 'reset' AND t.request_key = o.request_key
            LEFT JOIN (SELECT user_id, SUM(remaining - reserved) AS leftover FROM w_allowance WHERE state = 'open' GROUP BY user_id) g
              ON g.user_id = a.user_id) planned;
  SELECT COALESCE(SUM(verdict = 'unchanged'), 0) INTO v_unchanged FROM w_item;

  -- An account gets one row at most, so there is nothing to add up as LedgerBook does.
  -- given: the new allowance. lapsed: what the old ones lose. renewed: the grant that becomes the new allowance, so that a reset changes one and makes
  -- none; NULL: a new grant does, as no old one is free of holds. draws: NULL = more than one of them loses, as w_draw says.
  DELETE FROM w_line;
  INSERT INTO w_line (seq, ord, user_id, version, type, amount, balance_after, held_change, held_after, status_after, allowance_after,
                     low_before, low_after, threshold, is_last, created_at, grant_id, new_kind, new_amount, new_priority, period_start, operation, own_key, draws)
  SELECT ord, ord, user_id, version + 1, type, given - lapsed,
         -- What a row says must be what its draws do, as in LedgerBook. No CHECK lets -1 pass.
         CASE WHEN lapsed = drawn THEN balance + given - lapsed ELSE -1 END, 0, held, status, allowance_remaining + given - lapsed,
         is_low, balance + given - lapsed - held < threshold, threshold, 1, created_at,
         renewed, CASE WHEN given > 0 THEN 'allowance' END, CASE WHEN given > 0 THEN given END, 10, starts_at,
         CASE WHEN request_key IS NULL THEN 'allowance' ELSE 'reset' END,
         CASE WHEN request_key IS NULL AND verdict <> 'forfeited' THEN CONCAT(REPLACE(starts_at, ' ', 'T'), 'Z#', total,
              -- A forced reset without a key of its own may serve one period any number of times.
              CASE code WHEN 'force' THEN CONCAT('#', version + 1) ELSE '' END) END,
         CASE WHEN renewed IS NULL THEN CONCAT('[', lapses, ']')
              ELSE CONCAT('[', lapses, CASE lapses WHEN '' THEN '' ELSE ',' END, '{"g":', renewed, ',"k":"allowance","c":', given, ',"r":0}]') END
    FROM (SELECT judged.*, CASE WHEN verdict = 'reset' AND given > 0 THEN free_grant END AS renewed
            FROM (SELECT i.ord, i.user_id, i.verdict, i.code, i.starts_at, i.request_key, a.version, a.balance, a.held, a.status, a.allowance_remaining, a.is_low,
                         COALESCE(a.low_threshold, FLOOR(COALESCE(o.monthly_credits, 0) / 10)) AS threshold, GREATEST(in_now, a.last_at) AS created_at,
                         CASE i.verdict WHEN 'reset' THEN 'reset' WHEN 'forfeited' THEN 'expire' ELSE 'grant' END AS type,
                         CASE i.verdict WHEN 'first' THEN i.amount WHEN 'topped_up' THEN i.amount - a.served_given
                                        WHEN 'reset' THEN i.amount + i.refundable ELSE 0 END AS given,
                         CASE WHEN i.verdict IN ('reset', 'forfeited') THEN i.available ELSE 0 END AS lapsed,
                         COALESCE(l.free, 0) AS drawn, CASE WHEN l.user_id IS NULL THEN '' ELSE l.lapses END AS lapses, l.free_grant,
                         i.amount AS total
                    FROM w_item i
                    JOIN w_op o ON o.ord = i.ord
                    JOIN w_account a ON a.user_id = i.user_id
                    LEFT JOIN (SELECT user_id, SUM(CASE state WHEN 'open' THEN remaining - reserved ELSE 0 END) AS free,
                                      CASE SUM(state = 'open') WHEN 0 THEN ''
                                           WHEN 1 THEN CONCAT('{"g":', MAX(CASE state WHEN 'open' THEN grant_id END), ',"k":"allowance","c":',
                                                              SUM(CASE state WHEN 'open' THEN reserved - remaining ELSE 0 END), ',"r":0}') END AS lapses,
                                      -- A spent one that holds credits is damaged: it stays as it is.
                                      MAX(CASE WHEN reserved = 0 AND (state = 'open' OR remaining = 0) THEN grant_id END) AS free_grant
                                 FROM w_allowance GROUP BY user_id) l ON l.user_id = i.user_id AND i.verdict IN ('reset', 'forfeited')
                   WHERE i.verdict IN ('first', 'reset', 'topped_up', 'forfeited')) judged) booked;
  SELECT COALESCE(SUM(draws IS NULL), 0) INTO v_many FROM w_line;
  IF v_many > 0 THEN
    INSERT INTO w_draw (seq, place, grant_id, kind, change_by, reserve)
    SELECT p.seq, g.grant_id, g.grant_id, 'allowance', g.reserved - g.remaining, 0
      FROM w_line p
      STRAIGHT_JOIN w_allowance g ON g.user_id = p.user_id
     WHERE p.draws IS NULL AND g.state = 'open';
  END IF;

  -- What nothing keeps has ended or is renewed, that which was spent to the last credit too: a refund that comes later must not reach it, or the credits
  -- would count for the allowance and lapse with the next reset. What holds keep ends with them, and what they free lapses.
  DELETE FROM w_grant_change;
  INSERT INTO w_grant_change (grant_id, user_id, change_by, reserve, ends, renewed_version, amount, created_at)
  SELECT g.grant_id, g.user_id,
         CASE g.state WHEN 'open' THEN g.reserved - g.remaining ELSE 0 END + CASE g.grant_id WHEN p.grant_id THEN p.new_amount ELSE 0 END, 0,
         CASE g.grant_id WHEN p.grant_id THEN 0 ELSE 1 END, CASE g.grant_id WHEN p.grant_id THEN p.version END,
         CASE g.grant_id WHEN p.grant_id THEN p.new_amount END, CASE g.grant_id WHEN p.grant_id THEN p.created_at END
    FROM w_item i
    STRAIGHT_JOIN w_allowance g ON g.user_id = i.user_id
    LEFT JOIN w_line p ON p.ord = i.ord
   WHERE i.verdict IN ('reset', 'forfeited') OR (i.code = 'forfeit' AND i.verdict = 'unchanged');
  SET v_ended = ROW_COUNT();

  -- What the account shows and the period it has been served, which LedgerEnter writes with the rows.
  UPDATE w_account a
    STRAIGHT_JOIN w_item i ON i.user_id = a.user_id
    STRAIGHT_JOIN w_op o ON o.ord = i.ord
     SET a.due_at = o.due_at, a.tier = o.tier, a.monthly_credits = o.monthly_credits, a.next_reset_at = o.next_reset_at,
         a.served_given = CASE i.flag WHEN 2 THEN i.amount WHEN 1 THEN GREATEST(a.served_given, i.amount) ELSE a.served_given END,
         a.served_start = CASE WHEN i.flag > 0 THEN i.starts_at ELSE a.served_start END,
         a.served_end = CASE WHEN i.flag > 0 THEN i.ends_at ELSE a.served_end END
   WHERE i.verdict IN ('first', 'reset', 'topped_up', 'forfeited', 'unchanged');
  IF v_unchanged > 0 THEN
    UPDATE w_item i
      STRAIGHT_JOIN w_account a ON a.user_id = i.user_id
      STRAIGHT_JOIN profiles p FORCE INDEX (PRIMARY) ON p.user_id = i.user_id
       SET p.due_at = a.due_at, p.tier = a.tier, p.monthly_credits = a.monthly_credits, p.next_reset_at = a.next_reset_at,
           p.served_given = a.served_given, p.served_start = a.served_start, p.served_end = a.served_end
     WHERE i.verdict = 'unchanged';
  END IF;

  SELECT COUNT(*) INTO v_months FROM (SELECT 1 FROM w_account a STRAIGHT_JOIN yearly_member_credits y ON y.user_id = a.user_id LIMIT 1) yearly;
  IF v_months > 0 THEN
    UPDATE w_item i
      STRAIGHT_JOIN w_op o ON o.ord = i.ord
      STRAIGHT_JOIN yearly_member_credits y ON y.user_id = i.user_id
       SET y.status = 'cancelled'
     WHERE y.status = 'scheduled' AND o.flag IN ('true', '1') AND i.verdict IN ('first', 'reset', 'topped_up', 'forfeited', 'unchanged');
  END IF;

  IF JSON_CONTAINS_PATH(in_steps, 'one', '$[*].schedule') THEN
    SET v_months = 1;
    CALL LedgerReadMonths(in_steps);
    INSERT INTO yearly_member_credits (user_id, period_start, period_end, month, amount, status)
    SELECT i.user_id, o.starts_at, o.ends_at, o.month, o.amount, 'scheduled'
      FROM w_item i
      JOIN w_month o ON o.ord = i.ord
     WHERE o.starts_at IS NOT NULL AND i.verdict IN ('first', 'reset', 'topped_up', 'forfeited', 'unchanged')
        ON DUPLICATE KEY UPDATE
           period_end = CASE WHEN yearly_member_credits.status IN ('given', 'skipped') THEN yearly_member_credits.period_end ELSE VALUES(period_end) END,
           month = CASE WHEN yearly_member_credits.status IN ('given', 'skipped') THEN yearly_member_credits.month ELSE VALUES(month) END,
           amount = CASE yearly_member_credits.status WHEN 'skipped' THEN yearly_member_credits.amount
                         WHEN 'given' THEN GREATEST(yearly_member_credits.amount, VALUES(amount)) ELSE VALUES(amount) END,
           status = CASE yearly_member_credits.status WHEN 'cancelled' THEN 'scheduled' ELSE yearly_member_credits.status END;
  END IF;

  CALL LedgerEnter(v_ended);
  DELETE FROM w_draw;

  IF v_months > 0 THEN
    UPDATE w_item i
      STRAIGHT_JOIN yearly_member_credits y ON y.user_id = i.user_id
      LEFT JOIN w_line p ON p.ord = i.ord
       SET y.given_amount = CASE WHEN y.period_start = i.starts_at THEN COALESCE(y.given_amount, 0) + COALESCE(p.new_amount, 0) END,
           y.transaction_version = CASE WHEN y.period_start = i.starts_at THEN COALESCE(p.version, y.transaction_version) END,
           y.status = CASE WHEN y.period_start = i.starts_at THEN 'given' ELSE 'skipped' END
     WHERE i.verdict IN ('first', 'reset', 'topped_up', 'unchanged') AND i.code IN ('give', 'force')
       AND ((y.period_start = i.starts_at AND (y.status = 'scheduled' OR p.version IS NOT NULL)) OR (y.status = 'scheduled' AND y.period_start < i.starts_at));
  END IF;

  IF JSON_CONTAINS_PATH(in_steps, 'one', '$[*].audit') THEN
    CALL LedgerCarry();
    CALL LedgerAudit(in_now, in_steps);
  END IF;
END;

CREATE PROCEDURE `LedgerSpend`(IN in_now DATETIME(3), IN in_operations JSON, IN in_operation VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin)
BEGIN
  DECLARE v_open INT DEFAULT 0;
  DECLARE v_short INT DEFAULT 0;
  DECLARE v_ok INT DEFAULT 0;

  CALL LedgerBegin();

  CALL LedgerReadSpend(in_operations, in_operation);
  CALL LedgerLock(in_now);
  CALL LedgerLapse(in_now);

  -- Most batches are judged by this one statement. `run` counts what the new operations of the account need up to and including this one;
  -- what could not fit even alone is refused at once and does not count.
  INSERT INTO w_item (ord, user_id, amount, request_key, request_hash, ends_at, tx_version, verdict)
  SELECT ord, user_id, amount, request_key, request_hash, ends_at, tx_version,
         CASE WHEN verdict IS NOT NULL THEN verdict
              WHEN turn = 1 AND amount > free THEN 'insufficient_credits'
              WHEN turn = 1 AND SUM(CASE WHEN verdict IS NULL AND turn = 1 AND amount <= free THEN amount ELSE 0 END)
                                  OVER (PARTITION BY user_id ORDER BY ord ROWS UNBOUNDED PRECEDING) <= free THEN 'ok' END
    FROM (SELECT ord, user_id, amount, request_key, request_hash, ends_at, tx_version, free, verdict,
                 ROW_NUMBER() OVER (PARTITION BY user_id, request_key ORDER BY ord) AS turn
            FROM (SELECT o.ord, a.user_id, o.amount, o.request_key, o.request_hash, t.version AS tx_version, a.balance - a.held AS free,
                         in_now + INTERVAL o.ttl SECOND AS ends_at,
                         CASE WHEN a.user_id IS NULL OR o.request_key IS NULL OR o.request_hash IS NULL OR o.amount IS NULL
                                   OR o.amount NOT BETWEEN 1 AND 1000000 THEN 'invalid'
                              WHEN t.id IS NOT NULL THEN CASE WHEN t.request_hash = o.request_hash THEN 'replayed' ELSE 'idempotency_key_reused' END
                              WHEN in_operation = 'hold' AND (o.ttl IS NULL OR o.ttl NOT BETWEEN 1 AND 86400) THEN 'invalid'
                              WHEN a.due_at <= in_now THEN 'reset_due'
                              WHEN a.status = 'frozen' THEN 'account_frozen' END AS verdict
                    FROM w_op o
                    LEFT JOIN w_account a ON a.user_id = o.user_id
                    LEFT JOIN credit_transactions t FORCE INDEX (credit_transactions_request) ON t.user_id = a.user_id AND t.operation = in_operation
                                                   AND t.request_key = o.request_key) known) numbered;

  SELECT COALESCE(SUM(verdict IS NULL), 0), COALESCE(SUM(verdict = 'insufficient_credits'), 0), COALESCE(SUM(verdict = 'ok'), 0)
    INTO v_open, v_short, v_ok FROM w_item;

  -- Some did not fit, or repeat another of this batch. Each pass decides at least one operation of every account that has any left, so it ends.
  WHILE v_open > 0 DO
    DELETE FROM w_judge;
    INSERT INTO w_judge (ord, verdict, first_ord)
    SELECT ord,
           CASE WHEN answered IS NOT NULL THEN CASE WHEN answered_hash = request_hash THEN 'replayed' ELSE 'idempotency_key_reused' END
                WHEN turn = 1 AND amount > free THEN 'insufficient_credits'
                WHEN turn = 1 AND SUM(CASE WHEN turn = 1 AND answered IS NULL AND amount <= free THEN amount ELSE 0 END)
                                    OVER (PARTITION BY user_id ORDER BY ord ROWS UNBOUNDED PRECEDING) <= free THEN 'ok' END,
           answered
      FROM (SELECT i.ord, i.user_id, i.amount, i.request_hash, i.verdict, a.balance - a.held - i.taken AS free, i.answered, i.answered_hash,
                   ROW_NUMBER() OVER (PARTITION BY i.user_id, i.request_key, i.answered ORDER BY i.ord) AS turn
              FROM (SELECT ord, user_id, amount, request_key, request_hash, verdict,
                           SUM(CASE WHEN verdict = 'ok' THEN amount ELSE 0 END) OVER (PARTITION BY user_id) AS taken,
                           MAX(CASE WHEN verdict = 'ok' THEN ord END) OVER (PARTITION BY user_id, request_key) AS answered,
                           MAX(CASE WHEN verdict = 'ok' THEN request_hash END) OVER (PARTITION BY user_id, request_key) AS answered_hash
                      FROM w_item WHERE verdict IS NULL OR verdict = 'ok') i
              JOIN w_account a ON a.user_id = i.user_id
             WHERE i.verdict IS NULL) left_over;
    UPDATE w_item i JOIN w_judge j ON j.ord = i.ord SET i.verdict = j.verdict, i.first_ord = j.first_ord WHERE j.verdict IS NOT NULL;
    SELECT COALESCE(SUM(verdict IS NULL), 0), COALESCE(SUM(verdict = 'insufficient_credits'), 0), COALESCE(SUM(verdict = 'ok'), 0)
      INTO v_open, v_short, v_ok FROM w_item;
  END WHILE;

  IF v_short > 0 THEN
    -- What was free when a refused one had its turn.
    DELETE FROM w_judge;
    INSERT INTO w_judge (ord, figure)
    SELECT ord, free
      FROM (SELECT i.ord, i.verdict,
                   a.balance - a.held - SUM(CASE WHEN i.verdict = 'ok' THEN i.amount ELSE 0 END)
                                          OVER (PARTITION BY i.user_id ORDER BY i.ord ROWS UNBOUNDED PRECEDING) AS free
              FROM w_item i JOIN w_account a ON a.user_id = i.user_id) judged
     WHERE verdict = 'insufficient_credits';
    UPDATE w_item i JOIN w_judge j ON j.ord = i.ord SET i.required = i.amount, i.available = j.figure;
  END IF;

  -- Repeats, refusals and accounts that are due first write nothing.
  IF v_ok > 0 THEN
    INSERT INTO w_entry (seq, ord, user_id, type, amount, held_change, hold_until, operation)
    SELECT ord, ord, user_id, in_operation, CASE in_operation WHEN 'consume' THEN -amount ELSE 0 END,
           CASE in_operation WHEN 'consume' THEN 0 ELSE amount END, CASE in_operation WHEN 'hold' THEN ends_at END, in_operation
      FROM w_item WHERE verdict = 'ok';

    -- Each entry needs the interval (until − need, until] of its account's running need; each grant offers an interval of the running sum of
    -- what is free. Where they overlap, the entry draws from the grant.
    INSERT INTO w_draw (seq, place, grant_id, kind, change_by, reserve)
    SELECT n.seq, g.until, g.id, g.kind,
           CASE in_operation WHEN 'consume' THEN GREATEST(g.until - g.free, n.until - n.need) - LEAST(g.until, n.until) ELSE 0 END,
           CASE in_operation WHEN 'consume' THEN 0 ELSE LEAST(g.until, n.until) - GREATEST(g.until - g.free, n.until - n.need) END
      FROM (SELECT seq, user_id, held_change - amount AS need,
                   SUM(held_change - amount) OVER (PARTITION BY user_id ORDER BY seq ROWS UNBOUNDED PRECEDING) AS until
              FROM w_entry) n
      JOIN (SELECT g.id, g.user_id, g.kind, g.remaining - g.reserved AS free,
                   SUM(g.remaining - g.reserved) OVER (PARTITION BY g.user_id ORDER BY g.priority, g.expires_at IS NULL, g.expires_at, GREATEST(g.origin_version, g.renewed_version)
                                                       ROWS UNBOUNDED PRECEDING) AS until
              FROM w_account a
              STRAIGHT_JOIN credit_grants g FORCE INDEX (credit_grants_state) ON g.user_id = a.user_id AND g.state = 'open'
             WHERE g.remaining > g.reserved) g
        ON g.user_id = n.user_id AND g.until > n.until - n.need AND g.until - g.free < n.until;

    CALL LedgerBook(in_now);
  END IF;
END;

CREATE PROCEDURE `LedgerUsers`(IN in_user_ids JSON)
BEGIN
  INSERT INTO w_user (user_id)
  SELECT DISTINCT user_id
    FROM JSON_TABLE(in_user_ids, '$[*]' COLUMNS (user_id VARCHAR(129) CHARACTER SET ascii COLLATE ascii_bin PATH '$')) o
   WHERE CHAR_LENGTH(user_id) BETWEEN 1 AND 128;
END;

CREATE PROCEDURE `LedgerWorkTables`()
BEGIN
  CREATE TEMPORARY TABLE IF NOT EXISTS w_op (
    ord             INT NOT NULL,
    user_id         VARCHAR(129) CHARACTER SET ascii COLLATE ascii_bin NULL,
    amount          BIGINT NULL,
    ttl             BIGINT NULL,
    request_key     VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NULL,
    request_hash    VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    reason          VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    feature         VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    actor           VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    traceparent     VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    -- 1: its metadata stands in w_doc.
    has_metadata    TINYINT NOT NULL DEFAULT 0,
    -- The transaction or hold it names.
    target_id       BIGINT NULL,
    -- Kind of grant, action, or code of a package.
    code            VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    reference       VARCHAR(192) CHARACTER SET ascii COLLATE ascii_bin NULL,
    priority        INT NULL,
    starts_at       DATETIME(3) NULL,
    ends_at         DATETIME(3) NULL,
    flag            VARCHAR(5) CHARACTER SET ascii COLLATE ascii_bin NULL,
    membership_version BIGINT NULL,
    rollover        BIGINT NULL,
    missed          BIGINT NULL,
    due_at          DATETIME(3) NULL,
    tier            VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    monthly_credits BIGINT NULL,
    next_reset_at   DATETIME(3) NULL,
    PRIMARY KEY (ord)
  ) ENGINE = MEMORY;

  CREATE TEMPORARY TABLE IF NOT EXISTS w_source (
    id       BIGINT NOT NULL,
    place    INT NOT NULL,
    grant_id BIGINT NOT NULL,
    kind     VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    amount   BIGINT NOT NULL
  ) ENGINE = MEMORY;

  CREATE TEMPORARY TABLE IF NOT EXISTS w_month (
    ord       INT NOT NULL,
    month     INT NULL,
    starts_at DATETIME(3) NULL,
    ends_at   DATETIME(3) NULL,
    amount    BIGINT NULL
  ) ENGINE = MEMORY;

  CREATE TEMPORARY TABLE IF NOT EXISTS w_package (
    ord                 INT NOT NULL,
    code                VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    name                VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    credits             BIGINT NULL,
    price_minor         BIGINT NULL,
    currency            VARCHAR(3) CHARACTER SET ascii COLLATE ascii_bin NULL,
    valid_days          INT NULL,
    priority            INT NULL,
    requires_membership TINYINT NULL,
    active              TINYINT NULL,
    expected            BIGINT NULL,
    PRIMARY KEY (ord)
  ) ENGINE = MEMORY;

  -- JSON needs an engine that has it.
  CREATE TEMPORARY TABLE IF NOT EXISTS w_doc (
    ord INT NOT NULL,
    doc JSON NULL,
    PRIMARY KEY (ord)
  ) ENGINE = InnoDB;

  CREATE TEMPORARY TABLE IF NOT EXISTS w_audit (
    ord        INT NOT NULL,
    id         VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    actor      VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    roles      JSON NULL,
    action     VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    reason     VARCHAR(1000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    ip         VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    user_agent VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    request_id VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    trace_id   VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    traceparent VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    PRIMARY KEY (ord)
  ) ENGINE = InnoDB;

  CREATE TEMPORARY TABLE IF NOT EXISTS w_user (
    user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    PRIMARY KEY (user_id) USING BTREE
  ) ENGINE = MEMORY;

  CREATE TEMPORARY TABLE IF NOT EXISTS w_account (
    user_id             VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    version             BIGINT NOT NULL,
    balance             BIGINT NOT NULL,
    held                BIGINT NOT NULL,
    status              VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    allowance_remaining BIGINT NOT NULL,
    tier                VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    monthly_credits     BIGINT NULL,
    next_reset_at       DATETIME(3) NULL,
    due_at              DATETIME(3) NULL,
    lapse_at            DATETIME(3) NULL,
    low_threshold       BIGINT NULL,
    is_low              TINYINT NOT NULL,
    served_start        DATETIME(3) NULL,
    served_end          DATETIME(3) NULL,
    served_given        BIGINT NOT NULL,
    last_at             DATETIME(3) NOT NULL,
    PRIMARY KEY (user_id)
  ) ENGINE = MEMORY;

  CREATE TEMPORARY TABLE IF NOT EXISTS w_item (
    ord          INT NOT NULL,
    user_id      VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NULL,
    amount       BIGINT NULL,
    request_key  VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NULL,
    request_hash VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    -- The transaction or hold it names.
    target_id    BIGINT NULL,
    -- Its place among the undecided operations of one account (or one target).
    turn         INT NOT NULL DEFAULT 1,
    -- NULL = not judged yet.
    verdict      VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL,
    -- The operation of this batch it repeats.
    first_ord    INT NULL,
    -- The ledger row that answers it.
    tx_version   BIGINT NULL,
    required     BIGINT NULL,
    available    BIGINT NULL,
    refundable   BIGINT NULL,
    code         VARCHAR(191) CHARACTER SET ascii COLLATE ascii_bin NULL,
    priority     INT NULL,
    starts_at    DATETIME(3) NULL,
    ends_at      DATETIME(3) NULL,
    flag         TINYINT NOT NULL DEFAULT 0,
    PRIMARY KEY (ord),
    KEY (user_id)
  ) ENGINE = MEMORY;

  CREATE TEMPORARY TABLE IF NOT EXISTS w_entry (
    seq          INT NOT NULL,
    ord          INT NULL,
    user_id      VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    type         VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    amount       BIGINT NOT NULL,
    held_change  BIGINT NOT NULL DEFAULT 0,
    set_status   VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NULL,
    related_id   BIGINT NULL,
    hold_id      BIGINT NULL,
    hold_end     VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NULL,
    hold_until   DATETIME(3) NULL,
    grant_id     BIGINT NULL,
    new_kind     VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL,
    new_amount   BIGINT NULL,
    new_priority SMALLINT NULL,
    new_until    DATETIME(3) NULL,
    period_start DATETIME(3) NULL,
    operation    VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    own_key      VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    own_reason   VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    PRIMARY KEY (seq)
  ) ENGINE = MEMORY;

  CREATE TEMPORARY TABLE IF NOT EXISTS w_draw (
    seq       INT NOT NULL,
    place     BIGINT NOT NULL,
    grant_id  BIGINT NOT NULL,
    kind      VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    change_by BIGINT NOT NULL,
    reserve   BIGINT NOT NULL,
    -- The grant lapses with it.
    ends      TINYINT NOT NULL DEFAULT 0,
    -- Other than 0: the grant is as it should be already, nothing to update (RepairAccounts).
    fresh     TINYINT NOT NULL DEFAULT 0,
    KEY (seq)
  ) ENGINE = MEMORY;

  CREATE TEMPORARY TABLE IF NOT EXISTS w_grant_change (
    grant_id  BIGINT NOT NULL,
    -- Whose it has to be.
    user_id   VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    change_by BIGINT NOT NULL,
    reserve   BIGINT NOT NULL,
    ends      TINYINT NOT NULL,
    -- The row that fills it anew, with what and when; NULL: none does.
    renewed_version BIGINT NULL,
    amount    BIGINT NULL,
    created_at DATETIME(3) NULL,
    PRIMARY KEY (grant_id)
  ) ENGINE = MEMORY;

  -- Copies for CheckCreditsSync, which needs the accounts in four places of one statement.
  CREATE TEMPORARY TABLE IF NOT EXISTS w_user_2 (user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY) ENGINE = MEMORY;
  CREATE TEMPORARY TABLE IF NOT EXISTS w_user_3 (user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY) ENGINE = MEMORY;
  CREATE TEMPORARY TABLE IF NOT EXISTS w_user_4 (user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY) ENGINE = MEMORY;

  CREATE TEMPORARY TABLE IF NOT EXISTS w_judge (
    ord      INT NOT NULL,
    verdict  VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL,
    first_ord INT NULL,
    figure   BIGINT NULL,
    tx_version BIGINT NULL,
    PRIMARY KEY (ord)
  ) ENGINE = MEMORY;

  CREATE TEMPORARY TABLE IF NOT EXISTS w_running (
    seq              INT NOT NULL,
    entries          INT NOT NULL,
    amount           BIGINT NOT NULL,
    held_change      BIGINT NOT NULL,
    allowance_change BIGINT NOT NULL,
    lapse_at         DATETIME(3) NULL,
    PRIMARY KEY (seq)
  ) ENGINE = MEMORY;

  CREATE TEMPORARY TABLE IF NOT EXISTS w_allowance (
    grant_id  BIGINT NOT NULL,
    user_id   VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    state     VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    remaining BIGINT NOT NULL,
    reserved  BIGINT NOT NULL,
    KEY (user_id)
  ) ENGINE = MEMORY;

  -- The last one: LedgerBegin looks for it first, so a connection that was cut off in here makes the missing ones.
  CREATE TEMPORARY TABLE IF NOT EXISTS w_line (
    seq             INT NOT NULL,
    ord             INT NULL,
    user_id         VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    version         BIGINT NOT NULL,
    type            VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    amount          BIGINT NOT NULL,
    balance_after   BIGINT NOT NULL,
    held_change     BIGINT NOT NULL,
    held_after      BIGINT NOT NULL,
    status_after    VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    allowance_after BIGINT NOT NULL,
    low_before      TINYINT NOT NULL,
    low_after       TINYINT NOT NULL,
    threshold       BIGINT NOT NULL,
    is_last         TINYINT NOT NULL,
    lapse_at        DATETIME(3) NULL,
    created_at      DATETIME(3) NOT NULL,
    related_id      BIGINT NULL,
    hold_id         BIGINT NULL,
    hold_end        VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NULL,
    hold_until      DATETIME(3) NULL,
    grant_id        BIGINT NULL,
    new_kind        VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL,
    new_amount      BIGINT NULL,
    new_priority    SMALLINT NULL,
    new_until       DATETIME(3) NULL,
    period_start    DATETIME(3) NULL,
    operation       VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    own_key         VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    own_reason      VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    -- What credit_transactions.draws will say. NULL = it draws from more than one grant there was before: w_draw knows.
    draws           VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NULL,
    PRIMARY KEY (seq),
    KEY (ord)
  ) ENGINE = MEMORY;
END;

CREATE PROCEDURE `ListOverdueMemberships`(IN in_before DATETIME(3), IN in_limit INT, IN in_after_since DATETIME(3),
                                        IN in_after_user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin)
BEGIN
  DECLARE v_since DATETIME(3) DEFAULT COALESCE(in_after_since, CAST('1000-01-01' AS DATETIME(3)));
  SELECT user_id, MIN(received_at) AS since
    FROM membership_waiting
   WHERE received_at <= in_before
   GROUP BY user_id
  HAVING since > v_since OR (since = v_since AND user_id > in_after_user_id)
   ORDER BY since, user_id LIMIT in_limit;
END;

CREATE PROCEDURE `ListTransactions`(IN in_user_id VARCHAR(128) CHARACTER SET ascii, IN in_types JSON, IN in_from DATETIME(3), IN in_to DATETIME(3),
                                  IN in_before_version BIGINT, IN in_limit INT)
BEGIN
  SELECT id, user_id, version, type, amount, balance_before, balance_after, held_change, held_after, status_after, draws, reason, feature,
         metadata, actor, related_transaction_id, hold_id, grant_id, grant_kind, operation, request_key, period_start, traceparent, created_at
    FROM credit_transactions
   WHERE user_id = CONVERT(in_user_id USING ascii) COLLATE ascii_bin
     AND version < COALESCE(in_before_version, 9223372036854775807)
     AND (in_types IS NULL OR JSON_CONTAINS(in_types, JSON_QUOTE(CONVERT(type USING utf8mb4))))
     AND created_at >= COALESCE(in_from, '1000-01-01') AND created_at < COALESCE(in_to, '9999-12-31')
   ORDER BY version DESC
   LIMIT in_limit;
END;

CREATE PROCEDURE `LockAccounts`(IN in_now DATETIME(3), IN in_user_ids JSON)
BEGIN
  CALL LedgerBegin();
  CALL LedgerUsers(in_user_ids);
  CALL LedgerLock(in_now);
END;

CREATE PROCEDURE `OpenAccounts`(IN in_now DATETIME(3), IN in_operations JSON)
BEGIN
  CALL LedgerBegin();
  INSERT INTO w_op (ord, user_id, amount, request_key, reference, request_hash, reason, actor, traceparent, code, starts_at, ends_at, monthly_credits)
  SELECT ord, user_id, amount, request_key, sibling_key, request_hash, reason, actor, traceparent, part, starts_at, ends_at, quota
    FROM JSON_TABLE(in_operations, '$[*]' COLUMNS (
           ord FOR ORDINALITY,
           user_id VARCHAR(129) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           part VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.part',
           amount BIGINT PATH '$.amount',
           starts_at DATETIME(3) PATH '$.periodStart',
           ends_at DATETIME(3) PATH '$.periodEnd',
           quota BIGINT PATH '$.quota',
           request_key VARCHAR(192) CHARACTER SET ascii COLLATE ascii_bin PATH '$.requestKey',
           sibling_key VARCHAR(192) CHARACTER SET ascii COLLATE ascii_bin PATH '$.siblingKey',
           request_hash VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.requestHash',
           reason VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.reason',
           actor VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.actor',
           traceparent VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.traceparent')) o;
  INSERT INTO w_user (user_id) SELECT DISTINCT user_id FROM w_op WHERE CHAR_LENGTH(user_id) BETWEEN 1 AND 128;
  CALL LedgerLock(in_now);
  CALL LedgerLapse(in_now);

  -- refundable: the quota. code: the part.
  INSERT INTO w_item (ord, user_id, amount, request_key, request_hash, tx_version, refundable, code, starts_at, ends_at, verdict)
  SELECT ord, user_id, amount, request_key, request_hash, tx_version, quota, part, starts_at, ends_at,
         COALESCE(MAX(refused) OVER (PARTITION BY user_id), CASE WHEN tx_version IS NULL THEN 'ok' ELSE 'replayed' END)
    FROM (SELECT o.ord, a.user_id, o.amount, o.request_key, o.request_hash, t.version AS tx_version, o.monthly_credits AS quota, o.code AS part,
                 o.starts_at, o.ends_at,
                 CASE WHEN a.user_id IS NULL OR o.request_key IS NULL OR o.reference IS NULL OR o.request_hash IS NULL
                           OR o.code IS NULL OR o.code NOT IN ('balance', 'allowance')
                           OR o.amount IS NULL OR o.amount NOT BETWEEN 0 AND 1000000000
                           OR ROW_NUMBER() OVER (PARTITION BY a.user_id, o.code ORDER BY o.ord) > 1 THEN 'invalid'
                      WHEN t.request_hash <> o.request_hash OR s.request_hash <> o.request_hash THEN 'idempotency_key_reused'
                      WHEN t.id IS NOT NULL OR o.code = 'balance' THEN NULL
                      WHEN o.monthly_credits IS NULL OR o.monthly_credits NOT BETWEEN 0 AND 1000000000
                           OR o.starts_at IS NULL OR o.ends_at IS NULL OR o.starts_at > in_now OR o.ends_at <= in_now THEN 'invalid'
                      WHEN a.served_end IS NOT NULL THEN 'allowance_served' END AS refused
            FROM w_op o
            LEFT JOIN w_account a ON a.user_id = o.user_id
            LEFT JOIN credit_transactions t FORCE INDEX (credit_transactions_request) ON t.user_id = a.user_id AND t.operation = 'open' AND t.request_key = o.request_key
            LEFT JOIN credit_transactions s FORCE INDEX (credit_transactions_request) ON s.user_id = a.user_id AND s.operation = 'open' AND s.request_key = o.reference) judged;

  INSERT INTO w_entry (seq, ord, user_id, type, amount, new_kind, new_amount, new_priority, period_start, operation)
  SELECT ord, ord, user_id, 'grant', amount,
         CASE WHEN amount > 0 THEN CASE code WHEN 'allowance' THEN 'allowance' ELSE 'adjustment' END END,
         CASE WHEN amount > 0 THEN amount END, CASE code WHEN 'allowance' THEN 10 ELSE 50 END, starts_at, 'open'
    FROM w_item WHERE verdict = 'ok';

  UPDATE w_item i STRAIGHT_JOIN w_account a ON a.user_id = i.user_id
     SET a.served_start = i.starts_at, a.served_end = i.ends_at, a.served_given = i.refundable
   WHERE i.verdict = 'ok' AND i.code = 'allowance';

  IF JSON_CONTAINS_PATH(in_operations, 'one', '$[*].schedule') THEN
    CALL LedgerReadMonths(in_operations);
    INSERT INTO yearly_member_credits (user_id, period_start, period_end, month, amount, status, given_amount)
    SELECT i.user_id, o.starts_at, o.ends_at, o.month, o.amount, 'given', o.amount
      FROM w_item i
      JOIN w_month o ON o.ord = i.ord
     WHERE i.verdict = 'ok' AND i.code = 'allowance'
        ON DUPLICATE KEY UPDATE month = yearly_member_credits.month;
  END IF;

  CALL LedgerBook(in_now);
  CALL LedgerAudit(in_now, in_operations);
  UPDATE w_item SET required = NULL, available = NULL, refundable = NULL;
  CALL LedgerAnswer();
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

CREATE PROCEDURE `PlanRepairs`(IN in_user_ids JSON)
BEGIN
  CALL LedgerBegin();
  CALL LedgerUsers(in_user_ids);
  -- Without those that do not exist: a look makes no account.
  DELETE u FROM w_user u LEFT JOIN profiles p FORCE INDEX (PRIMARY) ON p.user_id = u.user_id WHERE p.user_id IS NULL;
  CALL LedgerLock('1970-01-01 00:00:00.000');
  CALL LedgerRepairRead();
  CALL LedgerRepairPlan();
  CALL LedgerRepairWords();
  SELECT user_id, GREATEST(version, newest) AS version, proposal, restates, balance, held, status, version AS row_version, newest, allowance, grants, reserved, holds,
         told, told_held, last_balance, target, target_held, target_status, target_allowance, fresh_amount, grant_changes, grant_words, hold_changes, hold_words
    FROM w_repair
   WHERE differs = 1
   ORDER BY user_id;
END;

CREATE PROCEDURE `ProposeOperations`(IN in_now DATETIME(3), IN in_operations JSON)
BEGIN
  CALL LedgerBegin();
  CALL LedgerRead(in_operations);
  CALL LedgerLock(in_now);

  INSERT INTO w_item (ord, user_id, amount, request_key, request_hash, code, ends_at, first_ord, verdict)
  SELECT ord, user_id, amount, request_key, request_hash, operation, ends_at,
         CASE WHEN verdict IS NULL AND first_ord < ord THEN first_ord END,
         CASE WHEN verdict IS NOT NULL THEN verdict WHEN first_ord = ord THEN 'ok'
              WHEN first_hash = request_hash THEN 'replayed' ELSE 'idempotency_key_reused' END
    FROM (SELECT ord, user_id, amount, request_key, request_hash, operation, ends_at, verdict,
                 FIRST_VALUE(ord) OVER same_key AS first_ord, FIRST_VALUE(request_hash) OVER same_key AS first_hash
            FROM (SELECT o.ord, a.user_id, o.amount, o.request_key, o.request_hash, o.code AS operation, o.ends_at,
                         CASE WHEN a.user_id IS NULL OR o.request_key IS NULL OR o.request_hash IS NULL OR o.actor IS NULL OR o.reason IS NULL OR o.has_metadata = 0
                                   OR o.code IS NULL OR o.code NOT IN ('grant', 'adjust', 'refund', 'purchase', 'repair') THEN 'invalid'
                              WHEN p.id IS NOT NULL THEN CASE WHEN p.request_hash = o.request_hash THEN 'replayed' ELSE 'idempotency_key_reused' END
                              WHEN t.id IS NOT NULL THEN 'in_ledger'
                              WHEN COALESCE(o.amount, 0) = 0 OR o.ends_at IS NULL OR o.ends_at <= in_now THEN 'invalid' END AS verdict
                    FROM w_op o
                    LEFT JOIN w_account a ON a.user_id = o.user_id
                    LEFT JOIN credit_approvals p ON p.user_id = a.user_id AND p.operation = o.code AND p.request_key = o.request_key
                    LEFT JOIN credit_transactions t FORCE INDEX (credit_transactions_request) ON t.user_id = a.user_id AND t.request_key = o.request_key
                         AND (t.operation = o.code OR (o.code = 'repair' AND t.operation = 'restate'))) known
          WINDOW same_key AS (PARTITION BY user_id, operation, request_key, verdict ORDER BY ord ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)) numbered;

  INSERT INTO credit_approvals (user_id, operation, amount, request, request_key, request_hash, reason, proposed_by, proposed_at, expires_at)
  SELECT i.user_id, i.code, i.amount, d.doc, i.request_key, i.request_hash, o.reason, o.actor, in_now, i.ends_at
    FROM w_item i
    JOIN w_op o ON o.ord = i.ord
    JOIN w_doc d ON d.ord = i.ord
   WHERE i.verdict = 'ok'
   ORDER BY i.ord;

  -- Without a row to point to there is no proposal: metadata was null.
  UPDATE w_item i LEFT JOIN credit_approvals p ON p.user_id = i.user_id AND p.operation = i.code AND p.request_key = i.request_key
     SET i.target_id = p.id, i.verdict = CASE WHEN i.verdict = 'ok' AND p.id IS NULL THEN 'invalid' ELSE i.verdict END;

  CALL LedgerAuditApprovals(in_now, in_operations, 'propose');
  SELECT i.ord, i.verdict AS outcome, l.*
    FROM w_item i
    LEFT JOIN credit_approval_list l ON l.id = i.target_id AND i.verdict IN ('ok', 'replayed')
   ORDER BY i.ord;
END;

CREATE PROCEDURE `PurchasePackages`(IN in_now DATETIME(3), IN in_operations JSON)
BEGIN
  DECLARE v_claim CHAR(36) CHARACTER SET ascii DEFAULT UUID();
  CALL LedgerBegin();
  CALL LedgerRead(in_operations);
  CALL LedgerLock(in_now);
  CALL LedgerLapse(in_now);

  -- Everything but the payment reference. target_id stands for the package's credits, flag for a claim to be tried.
  INSERT INTO w_item (ord, user_id, amount, request_key, request_hash, tx_version, code, priority, ends_at, verdict)
  SELECT o.ord, a.user_id, k.credits, o.request_key, o.request_hash, COALESCE(t.version, CASE WHEN b.user_id = a.user_id AND b.code = o.code THEN b.transaction_version END),
         o.reference, k.priority, in_now + INTERVAL k.valid_days DAY,
         CASE WHEN a.user_id IS NULL OR o.request_key IS NULL OR o.request_hash IS NULL OR o.code IS NULL
                   OR COALESCE(CHAR_LENGTH(o.reference), 0) NOT BETWEEN 1 AND 191 THEN 'invalid'
              WHEN t.id IS NOT NULL THEN CASE WHEN t.request_hash = o.request_hash THEN 'replayed' ELSE 'idempotency_key_reused' END
              WHEN b.user_id = a.user_id AND b.code = o.code THEN 'replayed'
              WHEN b.payment_reference IS NOT NULL THEN 'payment_reference_used'
              WHEN k.code IS NULL THEN 'package_not_found'
              WHEN k.active = 0 THEN 'package_inactive'
              WHEN a.due_at <= in_now THEN 'reset_due'
              WHEN k.requires_membership = 1 AND COALESCE(o.flag, 'false') NOT IN ('true', '1')
                   AND (m.active_until IS NULL OR m.active_until <= in_now) THEN 'membership_required' END
    FROM w_op o
    LEFT JOIN w_account a ON a.user_id = o.user_id
    LEFT JOIN credit_transactions t FORCE INDEX (credit_transactions_request) ON t.user_id = a.user_id AND t.operation = 'purchase' AND t.request_key = o.request_key
    LEFT JOIN package_purchases b ON b.payment_reference = o.reference
    LEFT JOIN credit_packages k ON k.code = o.code
    LEFT JOIN membership_state m FORCE INDEX (PRIMARY) ON m.user_id = a.user_id;

  -- A key repeated in the batch is judged by the first of it.
  DELETE FROM w_judge;
  INSERT INTO w_judge (ord, verdict, first_ord)
  SELECT ord, CASE WHEN first_hash = request_hash THEN 'replayed' ELSE 'idempotency_key_reused' END, first_ord
    FROM (SELECT ord, request_hash, FIRST_VALUE(ord) OVER same_key AS first_ord, FIRST_VALUE(request_hash) OVER same_key AS first_hash
            FROM w_item WHERE verdict IS NULL
          WINDOW same_key AS (PARTITION BY user_id, request_key ORDER BY ord ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)) keyed
   WHERE first_ord < ord;
  UPDATE w_item i JOIN w_judge j ON j.ord = i.ord SET i.verdict = j.verdict, i.first_ord = j.first_ord;

  -- The unique key decides between copies that run at the same moment: the second waits here for the first to commit.
  INSERT IGNORE INTO package_purchases (payment_reference, user_id, code, claim, claim_ord, created_at)
  SELECT i.code, i.user_id, o.code, v_claim, i.ord, in_now
    FROM w_item i
    JOIN w_op o ON o.ord = i.ord
   WHERE i.verdict IS NULL
   ORDER BY i.code, i.ord;
  DELETE FROM w_judge;
  INSERT INTO w_judge (ord, verdict, first_ord, tx_version)
  SELECT i.ord,
         CASE WHEN b.claim = v_claim AND b.claim_ord = i.ord THEN 'ok'
              WHEN b.user_id = i.user_id AND b.code = o.code THEN 'replayed' ELSE 'payment_reference_used' END,
         CASE WHEN b.claim = v_claim AND b.claim_ord <> i.ord AND b.user_id = i.user_id AND b.code = o.code THEN b.claim_ord END,
         CASE WHEN b.user_id = i.user_id AND b.code = o.code THEN b.transaction_version END
    FROM w_item i
    JOIN w_op o ON o.ord = i.ord
    JOIN package_purchases b ON b.payment_reference = i.code
   WHERE i.verdict IS NULL;
  UPDATE w_item i JOIN w_judge j ON j.ord = i.ord SET i.verdict = j.verdict, i.first_ord = j.first_ord, i.tx_version = j.tx_version;

  INSERT INTO w_entry (seq, ord, user_id, type, amount, new_kind, new_amount, new_priority, new_until, operation)
  SELECT ord, ord, user_id, 'grant', amount, 'package', amount, priority, ends_at, 'purchase' FROM w_item WHERE verdict = 'ok';
  CALL LedgerBook(in_now);
  UPDATE w_item i STRAIGHT_JOIN package_purchases b ON b.payment_reference = i.code
     SET b.transaction_version = i.tx_version
   WHERE i.verdict = 'ok' AND b.claim = v_claim;

  CALL LedgerAudit(in_now, in_operations);
  CALL LedgerAnswer();
END;

CREATE PROCEDURE `RefundCredits`(IN in_now DATETIME(3), IN in_operations JSON)
BEGIN
  DECLARE v_open INT DEFAULT 0;
  CALL LedgerBegin();
  CALL LedgerRead(in_operations);
  -- Whose transaction it is never changes: read without a lock.
  DELETE FROM w_user;
  INSERT INTO w_user (user_id)
  SELECT DISTINCT c.user_id FROM w_op o STRAIGHT_JOIN credit_transactions c FORCE INDEX (PRIMARY) ON c.id = o.target_id;
  CALL LedgerLock(in_now);
  CALL LedgerLapse(in_now);

  INSERT INTO w_item (ord, user_id, amount, request_key, request_hash, target_id, tx_version, refundable, verdict)
  SELECT o.ord, c.user_id, o.amount, o.request_key, o.request_hash, c.id, t.version,
         -- NULL: no consumption, nothing of it can be given back.
         CASE c.type WHEN 'consume' THEN
           -c.amount - COALESCE((SELECT SUM(r.amount) FROM credit_transactions r FORCE INDEX (credit_transactions_related) WHERE r.related_transaction_id = c.id AND r.type = 'refund'), 0) END,
         CASE WHEN o.request_key IS NULL OR o.request_hash IS NULL OR o.amount < 1 THEN 'invalid'
              WHEN c.id IS NULL OR o.user_id <> c.user_id THEN 'transaction_not_found'
              WHEN t.id IS NOT NULL THEN CASE WHEN t.request_hash = o.request_hash THEN 'replayed' ELSE 'idempotency_key_reused' END
              WHEN c.type = 'consume' AND a.due_at <= in_now THEN 'reset_due' END
    FROM w_op o
    LEFT JOIN credit_transactions c FORCE INDEX (PRIMARY) ON c.id = o.target_id
    LEFT JOIN w_account a ON a.user_id = c.user_id
    LEFT JOIN credit_transactions t FORCE INDEX (credit_transactions_request) ON t.user_id = c.user_id AND t.operation = 'refund' AND t.request_key = o.request_key;

  -- Each pass decides at least the first undecided operation, so it ends; mostly the first pass decides all.
  SELECT COUNT(*) INTO v_open FROM w_item WHERE verdict IS NULL;
  WHILE v_open > 0 DO
    DELETE FROM w_judge;
    INSERT INTO w_judge (ord, verdict, first_ord, figure)
    SELECT ord,
           CASE WHEN answered IS NOT NULL THEN CASE WHEN answered_hash = request_hash THEN 'replayed' ELSE 'idempotency_key_reused' END
                WHEN ord <> next_of_target OR ord <> next_of_key THEN NULL
                WHEN refundable IS NULL THEN 'not_refundable'
                WHEN refundable - taken <= 0 THEN 'nothing_to_refund'
                WHEN amount > refundable - taken THEN 'refund_exceeds_original'
                ELSE 'ok' END,
           answered, refundable - taken
      FROM (SELECT ord, verdict, request_hash, amount, refundable,
                   SUM(CASE WHEN verdict = 'ok' THEN amount ELSE 0 END) OVER (PARTITION BY target_id) AS taken,
                   MAX(CASE WHEN verdict = 'ok' THEN ord END) OVER (PARTITION BY user_id, request_key) AS answered,
                   MAX(CASE WHEN verdict = 'ok' THEN request_hash END) OVER (PARTITION BY user_id, request_key) AS answered_hash,
                   MIN(CASE WHEN verdict IS NULL THEN ord END) OVER (PARTITION BY target_id) AS next_of_target,
                   MIN(CASE WHEN verdict IS NULL THEN ord END) OVER (PARTITION BY user_id, request_key) AS next_of_key
              FROM w_item WHERE verdict IS NULL OR verdict = 'ok') i
     WHERE verdict IS NULL;
    -- An operation without an amount takes all that is left; one too large is told what is left.
    UPDATE w_item i JOIN w_judge j ON j.ord = i.ord
       SET i.verdict = j.verdict, i.first_ord = j.first_ord,
           i.amount = CASE WHEN j.verdict = 'ok' THEN COALESCE(i.amount, j.figure) ELSE i.amount END,
           i.available = CASE WHEN j.verdict = 'refund_exceeds_original' THEN j.figure END
     WHERE j.verdict IS NOT NULL;
    SELECT COUNT(*) INTO v_open FROM w_item WHERE verdict IS NULL;
  END WHILE;

  INSERT INTO w_entry (seq, ord, user_id, type, amount, related_id, operation)
  SELECT ord, ord, user_id, 'refund', amount, target_id, 'refund' FROM w_item WHERE verdict = 'ok';

  SELECT COUNT(*) INTO v_open FROM w_entry;
  IF v_open > 0 THEN
    -- What LedgerLapse read is of holds: their ids are other numbers than those of consumptions, and may be equal to them.
    DELETE FROM w_source;
    INSERT INTO w_source (id, place, grant_id, kind, amount)
    SELECT DISTINCT c.id, d.place, d.grant_id, d.kind, -d.change_by
      FROM w_entry e
      STRAIGHT_JOIN credit_transactions c FORCE INDEX (PRIMARY) ON c.id = e.related_id
      STRAIGHT_JOIN JSON_TABLE(c.draws, '$[*]' COLUMNS (place FOR ORDINALITY, grant_id BIGINT PATH '$.g',
               kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.k', change_by BIGINT PATH '$.c')) d
     WHERE d.change_by < 0;
  END IF;

  -- Refunds of one consumption cover its draws from the last one backward, each where the one before it stopped. ends = 1 marks shares of grants that have ended.
  INSERT INTO w_draw (seq, place, grant_id, kind, change_by, reserve, ends)
  SELECT n.ord, s.until, s.grant_id, s.kind, LEAST(n.until, s.until) - GREATEST(n.until - n.amount, s.until - s.amount), 0,
         CASE WHEN g.id IS NULL OR g.state IN ('ending', 'ended') OR g.expires_at <= in_now OR g.renewed_version > n.version THEN 1 ELSE 0 END
    FROM (SELECT i.ord, i.user_id, i.target_id, i.amount, c.version,
                 -c.amount - i.refundable + SUM(i.amount) OVER (PARTITION BY i.target_id ORDER BY i.ord ROWS UNBOUNDED PRECEDING) AS until
            FROM w_item i JOIN credit_transactions c FORCE INDEX (PRIMARY) ON c.id = i.target_id
           WHERE i.verdict = 'ok') n
    JOIN (SELECT id, grant_id, kind, amount,
                 SUM(amount) OVER (PARTITION BY id ORDER BY place DESC ROWS UNBOUNDED PRECEDING) AS until
            FROM w_source) s
      ON s.id = n.target_id AND s.until > n.until - n.amount AND s.until - s.amount < n.until
    LEFT JOIN credit_grants g FORCE INDEX (PRIMARY) ON g.id = s.grant_id AND g.user_id = n.user_id;

  DELETE FROM w_judge;
  INSERT INTO w_judge (ord, figure) SELECT seq, SUM(change_by) FROM w_draw WHERE ends = 1 GROUP BY seq;
  UPDATE w_entry e JOIN w_judge j ON j.ord = e.seq
     SET e.new_kind = 'refund', e.new_amount = j.figure, e.new_priority = 50;
  DELETE FROM w_draw WHERE ends = 1;

  CALL LedgerBook(in_now);
  UPDATE w_item SET refundable = available, available = NULL;
  CALL LedgerAudit(in_now, in_operations);
  CALL LedgerAnswer();
END;

CREATE PROCEDURE `RejectUsage`(IN in_now DATETIME(3), IN in_operations JSON)
BEGIN
  INSERT INTO outbox (event_id, topic, type, subject, occurred_at, payload, traceparent)
  SELECT UUID(), 'credits.v1', 'stipend.credits.v1.UsageRejected', o.user_id, in_now,
         JSON_OBJECT('usageId', o.usage_id, 'userId', o.user_id, 'feature', o.feature, 'amount', o.amount, 'code', o.code, 'detail', o.detail,
                     'occurredAt', CONCAT(REPLACE(in_now, ' ', 'T'), 'Z')),
         o.traceparent
    FROM JSON_TABLE(in_operations, '$[*]' COLUMNS (
           ord FOR ORDINALITY,
           usage_id VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.usageId',
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           feature VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.feature',
           amount BIGINT PATH '$.amount',
           code VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.code',
           detail VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.detail',
           traceparent VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.traceparent')) o
   ORDER BY o.ord;
END;

CREATE PROCEDURE `ReleaseHolds`(IN in_now DATETIME(3), IN in_operations JSON)
BEGIN
  CALL LedgerHoldEnd(in_now, in_operations, 'release');
  CALL LedgerAnswerHolds();
END;

CREATE PROCEDURE `RepairAccounts`(IN in_now DATETIME(3), IN in_operations JSON)
BEGIN
  CALL LedgerBegin();
  CALL LedgerRead(in_operations);
  CALL LedgerLock(in_now);
  -- Nothing lapses before: on figures that do not add up, the ledger refuses to post.
  CALL LedgerRepairRead();
  CALL LedgerRepairPlan();
  CALL LedgerRepairWords();

  INSERT INTO w_item (ord, user_id, request_key, request_hash, tx_version, verdict)
  SELECT o.ord, r.user_id, o.request_key, o.request_hash, t.version,
         CASE WHEN r.user_id IS NULL OR o.turn > 1 OR o.request_key IS NULL OR o.request_hash IS NULL OR o.code IS NULL OR o.actor IS NULL OR COALESCE(o.reason, '') = '' THEN 'invalid'
              WHEN t.id IS NOT NULL THEN CASE WHEN t.request_hash = o.request_hash THEN 'replayed' ELSE 'idempotency_key_reused' END
              WHEN r.differs = 0 THEN 'nothing_to_repair'
              WHEN o.code <> r.proposal THEN 'proposal_outdated'
              ELSE 'ok' END
    FROM (SELECT ord, user_id, code, request_key, request_hash, actor, reason, ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY ord) AS turn FROM w_op) o
    LEFT JOIN w_repair r ON r.user_id = o.user_id
    LEFT JOIN credit_transactions t FORCE INDEX (credit_transactions_request) ON t.user_id = r.user_id AND t.operation IN ('repair', 'restate') AND t.request_key = o.request_key;
  DELETE r FROM w_repair r LEFT JOIN w_item i ON i.user_id = r.user_id AND i.verdict = 'ok' WHERE i.ord IS NULL;
  DELETE x FROM w_repair_grant x LEFT JOIN w_repair r ON r.user_id = x.user_id WHERE r.user_id IS NULL;
  DELETE x FROM w_repair_hold x LEFT JOIN w_repair r ON r.user_id = x.user_id WHERE r.user_id IS NULL;

  UPDATE w_repair_grant x STRAIGHT_JOIN credit_grants g FORCE INDEX (PRIMARY) ON g.id = x.grant_id
     SET g.remaining = x.target, g.reserved = x.target_reserved, g.state = x.target_state
   WHERE x.owned = 1;
  -- A hold whose row is gone is written again as one that ends now: when it would have ended stood in that row alone.
  INSERT INTO credit_holds (id, user_id, origin_version, status, amount, expires_at, reason, feature, metadata, actor, created_at)
  SELECT x.hold_id, x.user_id, x.hold_version, 'open', x.hold_amount, in_now, t.reason, t.feature, t.metadata, t.actor, t.created_at
    FROM w_repair_hold x JOIN credit_transactions t FORCE INDEX (credit_transactions_version) ON t.user_id = x.user_id AND t.version = x.hold_version
   WHERE x.action = 'restored';
  UPDATE w_repair_hold x STRAIGHT_JOIN credit_holds h FORCE INDEX (PRIMARY) ON h.id = x.hold_id
     SET h.status = 'open', h.amount = x.hold_amount, h.captured = 0, h.ended_at = NULL, h.end_version = NULL
   WHERE x.action = 'reopened' AND h.user_id = x.user_id;
  UPDATE w_repair_hold x
    STRAIGHT_JOIN credit_transactions t FORCE INDEX (credit_transactions_version) ON t.user_id = x.user_id AND t.version = x.ended_by
    STRAIGHT_JOIN credit_holds h FORCE INDEX (PRIMARY) ON h.id = x.hold_id
     SET h.status = CASE WHEN t.type = 'consume' THEN 'captured' WHEN t.operation = 'expire' THEN 'expired' ELSE 'released' END,
         h.captured = LEAST(h.amount, -t.amount), h.ended_at = t.created_at, h.end_version = t.version
   WHERE x.action = 'closed' AND h.user_id = x.user_id;
  UPDATE w_repair_hold x
    STRAIGHT_JOIN w_repair r ON r.user_id = x.user_id
    STRAIGHT_JOIN credit_holds h FORCE INDEX (PRIMARY) ON h.id = x.hold_id
     SET h.status = 'released', h.captured = 0, h.ended_at = in_now, h.end_version = GREATEST(r.version, r.newest) + 1
   WHERE x.action = 'released' AND h.user_id = x.user_id;

  -- What the customer was told last is where the row begins. When grants and holds end has to be looked at anew.
  UPDATE w_account a JOIN w_repair r ON r.user_id = a.user_id
     SET a.version = GREATEST(r.version, r.newest), a.balance = r.told, a.held = r.told_held, a.status = r.target_status,
         a.allowance_remaining = r.target_allowance - r.drawn_allowance;
  UPDATE w_repair r STRAIGHT_JOIN profiles p FORCE INDEX (PRIMARY) ON p.user_id = r.user_id SET p.lapse_at = in_now;

  INSERT INTO w_entry (seq, ord, user_id, type, amount, held_change, new_kind, new_amount, new_priority, operation)
  SELECT i.ord, i.ord, r.user_id, 'adjust', r.target - r.told, r.target_held - r.told_held,
         CASE WHEN r.fresh_amount > 0 THEN 'adjustment' END, CASE WHEN r.fresh_amount > 0 THEN r.fresh_amount END, 50, CASE r.restates WHEN 1 THEN 'restate' ELSE 'repair' END
    FROM w_item i JOIN w_repair r ON r.user_id = i.user_id
   WHERE i.verdict = 'ok';
  -- fresh = 2: the grants are set already.
  INSERT INTO w_draw (seq, place, grant_id, kind, change_by, reserve, fresh)
  SELECT i.ord, x.grant_id, x.grant_id, COALESCE(x.kind, ''), x.target - x.drawn, x.target_reserved - x.drawn_reserved, 2
    FROM w_item i JOIN w_repair_grant x ON x.user_id = i.user_id
   WHERE i.verdict = 'ok' AND (x.target <> x.drawn OR x.target_reserved <> x.drawn_reserved);
  INSERT INTO w_draw (seq, place, grant_id, kind, change_by, reserve, fresh)
  SELECT i.ord, 0, 0, '', r.target - r.told - r.drawn - r.fresh_amount, r.target_held - r.told_held - r.drawn_reserved, 2
    FROM w_item i JOIN w_repair r ON r.user_id = i.user_id
   WHERE i.verdict = 'ok' AND (r.target - r.told <> r.drawn + r.fresh_amount OR r.target_held - r.told_held <> r.drawn_reserved);

  -- Built as text, as every JSON here: MariaDB would quote one inside another.
  DELETE d FROM w_doc d LEFT JOIN w_op o ON o.ord = d.ord AND o.has_metadata = 1 WHERE o.ord IS NULL;
  INSERT INTO w_doc (ord, doc)
  SELECT i.ord, CONCAT('{"repair":{"proposal":"', r.proposal, '","restates":', CASE r.restates WHEN 1 THEN 'true' ELSE 'false' END,
                       ',"found":{"version":', r.version, ',"balance":', r.balance, ',"held":', r.held, ',"status":"', r.status, '","allowance":', r.allowance,
                       ',"grants":', r.grants, ',"reserved":', r.reserved, ',"holds":', r.holds,
                       '},"told":{"version":', r.newest, ',"balance":', r.told, ',"held":', r.told_held, ',"status":"', r.last_status,
                       '"},"after":{"balance":', r.target, ',"held":', r.target_held, ',"status":"', r.target_status, '","allowance":', r.target_allowance,
                       '},"newGrant":', r.fresh_amount, ',"takenBack":', r.accounted - r.target, ',"grantsChanged":', r.grant_changes, ',"grants":', r.grant_words,
                       ',"holdsChanged":', r.hold_changes, ',"holds":', r.hold_words, '}}')
    FROM w_item i JOIN w_repair r ON r.user_id = i.user_id
   WHERE i.verdict = 'ok'
      ON DUPLICATE KEY UPDATE doc = JSON_MERGE_PATCH(w_doc.doc, VALUES(doc));
  UPDATE w_op o JOIN w_item i ON i.ord = o.ord SET o.has_metadata = 1 WHERE i.verdict = 'ok';

  CALL LedgerBook(in_now);
  CALL LedgerAudit(in_now, in_operations);
  CALL LedgerAnswer();
END;

CREATE PROCEDURE `SetAccountStatus`(IN in_now DATETIME(3), IN in_operations JSON)
BEGIN
  DECLARE v_open INT DEFAULT 0;
  CALL LedgerBegin();
  CALL LedgerRead(in_operations);
  CALL LedgerLock(in_now);
  CALL LedgerLapse(in_now);

  INSERT INTO w_item (ord, user_id, code, request_key, request_hash, tx_version, verdict)
  SELECT o.ord, a.user_id, o.code, o.request_key, o.request_hash, t.version,
         CASE WHEN a.user_id IS NULL OR o.request_key IS NULL OR o.request_hash IS NULL OR o.code IS NULL OR o.code NOT IN ('freeze', 'unfreeze') THEN 'invalid'
              WHEN t.id IS NOT NULL THEN CASE WHEN t.request_hash = o.request_hash THEN 'replayed' ELSE 'idempotency_key_reused' END END
    FROM w_op o
    LEFT JOIN w_account a ON a.user_id = o.user_id
    LEFT JOIN credit_transactions t FORCE INDEX (credit_transactions_request) ON t.user_id = a.user_id AND t.operation = o.code AND t.request_key = o.request_key;

  -- Whether one applies depends on the one before it, so each pass books the next one of every account. Mostly one pass.
  SELECT COUNT(*) INTO v_open FROM w_item WHERE verdict IS NULL;
  WHILE v_open > 0 DO
    DELETE FROM w_judge;
    INSERT INTO w_judge (ord, verdict, first_ord, tx_version)
    SELECT i.ord,
           CASE WHEN i.answered IS NOT NULL THEN CASE WHEN i.answered_hash = i.request_hash THEN 'replayed' ELSE 'idempotency_key_reused' END
                WHEN i.ord <> i.next_of_user THEN NULL
                WHEN i.code = 'freeze' AND a.status = 'frozen' THEN 'account_already_frozen'
                WHEN i.code = 'unfreeze' AND a.status = 'active' THEN 'account_not_frozen' ELSE 'ok' END,
           i.answered, i.answered_version
      FROM (SELECT ord, user_id, verdict, request_hash, code,
                   MAX(CASE WHEN verdict = 'ok' THEN ord END) OVER (PARTITION BY user_id, code, request_key) AS answered,
                   MAX(CASE WHEN verdict = 'ok' THEN request_hash END) OVER (PARTITION BY user_id, code, request_key) AS answered_hash,
                   MAX(CASE WHEN verdict = 'ok' THEN tx_version END) OVER (PARTITION BY user_id, code, request_key) AS answered_version,
                   MIN(CASE WHEN verdict IS NULL THEN ord END) OVER (PARTITION BY user_id) AS next_of_user
              FROM w_item WHERE verdict IS NULL OR verdict = 'ok') i
      JOIN w_account a ON a.user_id = i.user_id
     WHERE i.verdict IS NULL;
    UPDATE w_item i JOIN w_judge j ON j.ord = i.ord SET i.verdict = j.verdict, i.first_ord = j.first_ord, i.tx_version = j.tx_version WHERE j.verdict IS NOT NULL;

    INSERT INTO w_entry (seq, ord, user_id, type, amount, set_status, operation)
    SELECT i.ord, i.ord, i.user_id, i.code, 0, CASE i.code WHEN 'freeze' THEN 'frozen' ELSE 'active' END, i.code
      FROM w_item i JOIN w_judge j ON j.ord = i.ord
     WHERE j.verdict = 'ok';
    CALL LedgerBook(in_now);
    SELECT COUNT(*) INTO v_open FROM w_item WHERE verdict IS NULL;
  END WHILE;

  CALL LedgerAudit(in_now, in_operations);
  CALL LedgerAnswer();
END;

CREATE PROCEDURE `SetLowBalanceThreshold`(IN in_now DATETIME(3), IN in_operations JSON)
BEGIN
  CALL LedgerBegin();
  INSERT INTO w_op (ord, user_id, amount)
  SELECT ord, user_id, threshold
    FROM JSON_TABLE(in_operations, '$[*]' COLUMNS (
           ord FOR ORDINALITY,
           user_id VARCHAR(129) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           threshold BIGINT PATH '$.threshold')) o;
  INSERT INTO w_user (user_id) SELECT DISTINCT user_id FROM w_op WHERE CHAR_LENGTH(user_id) BETWEEN 1 AND 128;
  CALL LedgerLock(in_now);
  UPDATE w_op o
    STRAIGHT_JOIN profiles p FORCE INDEX (PRIMARY) ON p.user_id = o.user_id
     SET p.low_threshold = CASE WHEN o.amount < 0 THEN 0 ELSE o.amount END;
END;

CREATE PROCEDURE `SetPackages`(IN in_now DATETIME(3), IN in_operations JSON)
BEGIN
  DECLARE v_locked INT DEFAULT 0;
  CALL LedgerBegin();
  SELECT COUNT(*) INTO v_locked FROM credit_packages FOR UPDATE;
  DELETE FROM w_package;
  INSERT INTO w_package (ord, code, name, credits, price_minor, currency, valid_days, priority, requires_membership, active, expected)
  SELECT ord, code, name, credits, price_minor, currency, valid_days, priority,
         CASE WHEN requires_membership IN ('true', '1') THEN 1 ELSE 0 END, CASE WHEN active IN ('true', '1') THEN 1 ELSE 0 END, expected
    FROM JSON_TABLE(in_operations, '$[*]' COLUMNS (
           ord FOR ORDINALITY,
           code VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.code',
           name VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.name',
           credits BIGINT PATH '$.credits',
           price_minor BIGINT PATH '$.priceMinor',
           currency VARCHAR(3) CHARACTER SET ascii COLLATE ascii_bin PATH '$.currency',
           valid_days INT PATH '$.validDays',
           priority INT PATH '$.priority',
           requires_membership VARCHAR(5) CHARACTER SET ascii COLLATE ascii_bin PATH '$.requiresMembership',
           active VARCHAR(5) CHARACTER SET ascii COLLATE ascii_bin PATH '$.active',
           expected BIGINT PATH '$.expectedVersion')) o;

  INSERT INTO w_item (ord, code, tx_version, verdict)
  SELECT ord, code, kept_version,
         CASE WHEN bad = 1 OR turn > 1 THEN 'invalid'
              WHEN expected IS NOT NULL AND expected <> COALESCE(kept_version, 0) THEN 'version_conflict'
              WHEN same = 1 THEN 'unchanged' ELSE 'ok' END
    FROM (SELECT o.ord, o.code, k.version AS kept_version, o.expected, ROW_NUMBER() OVER (PARTITION BY o.code ORDER BY o.ord) AS turn,
                 CASE WHEN o.code IS NULL OR o.code NOT REGEXP '^[A-Za-z0-9][A-Za-z0-9_.-]*$' OR o.name IS NULL OR o.name = '' OR o.currency IS NULL OR o.currency NOT REGEXP '^[A-Z]{3}$'
                           OR o.credits IS NULL OR o.credits NOT BETWEEN 1 AND 1000000000 OR o.price_minor IS NULL OR o.price_minor < 0
                           OR o.priority IS NULL OR o.priority NOT BETWEEN 0 AND 1000 OR o.valid_days NOT BETWEEN 1 AND 36500 THEN 1 ELSE 0 END AS bad,
                 CASE WHEN k.name = o.name AND k.credits = o.credits AND k.price_minor = o.price_minor AND k.currency = o.currency AND k.valid_days <=> o.valid_days
                           AND k.priority = o.priority AND k.requires_membership = o.requires_membership
                           AND k.active = o.active THEN 1 ELSE 0 END AS same
            FROM w_package o
            LEFT JOIN credit_packages k ON k.code = o.code) judged;

  -- The audit rows first: they tell the state before.
  IF JSON_CONTAINS_PATH(in_operations, 'one', '$[*].audit') THEN
    CALL LedgerReadAudit(in_operations);
    INSERT INTO outbox (event_id, topic, type, subject, occurred_at, payload, traceparent)
    SELECT UUID(), 'admin.v1', 'stipend.admin.v1.AdminActionRecorded', i.code, in_now,
           CONCAT('{"id":', JSON_QUOTE(u.id), ',"service":"credits","actor":', JSON_QUOTE(u.actor), ',"roles":', COALESCE(u.roles, '[]'),
                  ',"action":', JSON_QUOTE(u.action), ',"target":"', CONVERT(i.code USING utf8mb4), '","outcome":"succeeded","reason":', JSON_QUOTE(u.reason),
                  ',"before":', CASE WHEN k.code IS NULL THEN '""' ELSE
                       JSON_QUOTE(CONCAT('{"name":', JSON_QUOTE(k.name), ',"credits":', k.credits, ',"priceMinor":', k.price_minor, ',"currency":"', CONVERT(k.currency USING utf8mb4),
                                         '","validDays":', COALESCE(k.valid_days, 'null'), ',"priority":', k.priority, ',"requiresMembership":',
                                         CASE k.requires_membership WHEN 1 THEN 'true' ELSE 'false' END, ',"active":', CASE k.active WHEN 1 THEN 'true' ELSE 'false' END,
                                         ',"version":', k.version, '}')) END,
                  ',"after":', JSON_QUOTE(CONCAT('{"name":', JSON_QUOTE(o.name), ',"credits":', o.credits, ',"priceMinor":', o.price_minor, ',"currency":"', CONVERT(o.currency USING utf8mb4),
                                         '","validDays":', COALESCE(o.valid_days, 'null'), ',"priority":', o.priority, ',"requiresMembership":',
                                         CASE WHEN o.requires_membership = 1 THEN 'true' ELSE 'false' END, ',"active":',
                                         CASE WHEN o.active = 1 THEN 'true' ELSE 'false' END,
                                         ',"version":', COALESCE(k.version, 0) + CASE i.verdict WHEN 'ok' THEN 1 ELSE 0 END, '}')),
                  ',"ip":', COALESCE(JSON_QUOTE(u.ip), '""'), ',"userAgent":', COALESCE(JSON_QUOTE(u.user_agent), '""'),
                  ',"requestId":', COALESCE(JSON_QUOTE(u.request_id), '""'), ',"traceId":', COALESCE(JSON_QUOTE(u.trace_id), '""'),
                  ',"occurredAt":"', REPLACE(in_now, ' ', 'T'), 'Z"}'),
           u.traceparent
      FROM w_item i
      JOIN w_package o ON o.ord = i.ord
      JOIN w_audit u ON u.ord = i.ord
      LEFT JOIN credit_packages k ON k.code = i.code
     WHERE i.verdict IN ('ok', 'unchanged')
     ORDER BY i.ord;
  END IF;

  INSERT INTO credit_packages (code, name, credits, price_minor, currency, valid_days, priority, requires_membership, active, version, updated_at)
  SELECT i.code, o.name, o.credits, o.price_minor, o.currency, o.valid_days, o.priority, o.requires_membership, o.active, 1, in_now
    FROM w_item i
    JOIN w_package o ON o.ord = i.ord
   WHERE i.verdict = 'ok'
   ORDER BY i.code
      ON DUPLICATE KEY UPDATE name = VALUES(name), credits = VALUES(credits), price_minor = VALUES(price_minor), currency = VALUES(currency),
         valid_days = VALUES(valid_days), priority = VALUES(priority), requires_membership = VALUES(requires_membership), active = VALUES(active),
         version = credit_packages.version + 1, updated_at = VALUES(updated_at);

  SELECT i.ord, i.verdict AS outcome, k.code, k.name, k.credits, k.price_minor, k.currency, k.valid_days, k.priority, k.requires_membership, k.active, k.version
    FROM w_item i LEFT JOIN credit_packages k ON k.code = i.code AND i.verdict <> 'invalid'
   ORDER BY i.ord;
END;

CREATE PROCEDURE `SettleAccounts`(IN in_now DATETIME(3), IN in_steps JSON, IN in_accounts JSON, IN in_claim BIGINT)
BEGIN
  CALL LedgerSettle(in_now, in_steps, in_accounts, in_claim);
  SELECT ord, verdict AS outcome FROM w_item ORDER BY ord;
END;

CREATE PROCEDURE `TakeMemberships`(IN in_user_ids JSON)
BEGIN
  SELECT w.user_id, w.version, w.state, w.occurred_at, w.traceparent, w.received_at
    FROM JSON_TABLE(in_user_ids, '$[*]' COLUMNS (user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$')) o
    STRAIGHT_JOIN membership_waiting w ON w.user_id = o.user_id;
  DELETE w
    FROM JSON_TABLE(in_user_ids, '$[*]' COLUMNS (user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$')) o
    STRAIGHT_JOIN membership_waiting w ON w.user_id = o.user_id;
END;

CREATE PROCEDURE `TouchAccounts`(IN in_now DATETIME(3), IN in_user_ids JSON)
BEGIN
  DECLARE v_before BIGINT DEFAULT 0;
  CALL LockAccounts(in_now, in_user_ids);
  SELECT COALESCE(SUM(version), 0) INTO v_before FROM w_account;
  CALL LedgerLapse(in_now);
  SELECT COALESCE(SUM(version), 0) - v_before AS written FROM w_account;
END;

CREATE PROCEDURE `UsageSeries`(IN in_user_id VARCHAR(128) CHARACTER SET ascii, IN in_edges JSON)
BEGIN
  DECLARE v_user VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin DEFAULT in_user_id;
  -- Rows are first summed by quarters of an hour, so that the join with the buckets stays small however long the ledger is.
  SELECT e.bucket, q.feature, CAST(SUM(q.consumed) AS SIGNED) AS consumed, CAST(SUM(q.refunded) AS SIGNED) AS refunded, CAST(SUM(q.operations) AS SIGNED) AS operations
    FROM (SELECT feature, MIN(created_at) AS at,
                 SUM(CASE type WHEN 'consume' THEN -amount ELSE 0 END) AS consumed, SUM(CASE type WHEN 'refund' THEN amount ELSE 0 END) AS refunded,
                 SUM(CASE type WHEN 'consume' THEN 1 ELSE 0 END) AS operations
            FROM credit_transactions
           WHERE user_id = v_user AND type IN ('consume', 'refund')
             AND created_at >= CAST(JSON_UNQUOTE(JSON_EXTRACT(in_edges, '$[0]')) AS DATETIME(3))
             AND created_at < CAST(JSON_UNQUOTE(JSON_EXTRACT(in_edges, CONCAT('$[', JSON_LENGTH(in_edges) - 1, ']'))) AS DATETIME(3))
           GROUP BY feature, TIMESTAMPDIFF(MINUTE, '2000-01-01', created_at) DIV 15) q
    JOIN (SELECT ord - 1 AS bucket, edge AS starts, LEAD(edge) OVER (ORDER BY ord) AS ends
            FROM JSON_TABLE(in_edges, '$[*]' COLUMNS (ord FOR ORDINALITY, edge DATETIME(3) PATH '$')) o) e
      ON q.at >= e.starts AND q.at < e.ends
   GROUP BY e.bucket, q.feature
   ORDER BY e.bucket, q.feature;
END;

CREATE TRIGGER credit_transactions_no_delete BEFORE DELETE ON credit_transactions FOR EACH ROW
  SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'credit_transactions is append-only: correct with an adjustment';

CREATE TRIGGER credit_transactions_no_update BEFORE UPDATE ON credit_transactions FOR EACH ROW
  SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'credit_transactions is append-only: correct with an adjustment';

CREATE TRIGGER profiles_user_id BEFORE INSERT ON profiles FOR EACH ROW
BEGIN
  IF NEW.user_id NOT REGEXP '^[A-Za-z0-9_.@|:-]+$' THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'a user id has 1 to 128 characters of A-Z a-z 0-9 . _ @ | : -';
  END IF;
END;
