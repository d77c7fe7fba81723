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
  CONSTRAINT `credit_approvals_operation` CHECK (`operation` in ('grant','adjust','refund','purchase')),
  CONSTRAINT `credit_approvals_amount` CHECK (`amount` <> 0),
  CONSTRAINT `credit_approvals_decided` CHECK (`status` = 'pending' = (`decided_by` is null)),
  CONSTRAINT `credit_approvals_four_eyes` CHECK (`status` <> 'approved' or `decided_by` <> `proposed_by`)
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
  `ended_at` datetime(3) DEFAULT NULL,
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
  PRIMARY KEY (`id`),
  UNIQUE KEY `outbox_event` (`event_id`),
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
  CONSTRAINT `profiles_user_id` CHECK (`user_id` regexp '^[A-Za-z0-9_.@|:-]+$'),
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

CREATE SQL SECURITY DEFINER VIEW `credit_approval_list` AS select `p`.`id` AS `id`,`p`.`user_id` AS `user_id`,`p`.`operation` AS `operation`,`p`.`amount` AS `amount`,`p`.`request` AS `request`,`p`.`request_key` AS `request_key`,`p`.`request_hash` AS `request_hash`,`p`.`reason` AS `reason`,`p`.`proposed_by` AS `proposed_by`,`p`.`proposed_at` AS `proposed_at`,`p`.`expires_at` AS `expires_at`,`p`.`status` AS `status`,`p`.`decided_by` AS `decided_by`,`p`.`decided_at` AS `decided_at`,`p`.`decision_reason` AS `decision_reason`,`t`.`id` AS `transaction_id` from (`credit_approvals` `p` left join `credit_transactions` `t` on(`p`.`status` = 'approved' and `t`.`user_id` = `p`.`user_id` and `t`.`operation` = `p`.`operation` and `t`.`request_key` = `p`.`request_key`));

CREATE SQL SECURITY DEFINER VIEW `credit_hold_list` AS select `h`.`id` AS `id`,`h`.`user_id` AS `user_id`,`h`.`amount` AS `amount`,`h`.`captured` AS `captured`,`h`.`status` AS `status`,`h`.`expires_at` AS `expires_at`,`h`.`created_at` AS `created_at`,`h`.`ended_at` AS `ended_at`,`h`.`reason` AS `reason`,`h`.`feature` AS `feature`,`h`.`actor` AS `actor`,case when `h`.`status` = 'captured' then `e`.`id` end AS `capture_transaction_id` from (`credit_holds` `h` left join `credit_transactions` `e` on(`e`.`user_id` = `h`.`user_id` and `e`.`version` = `h`.`end_version`));

CREATE SQL SECURITY DEFINER VIEW `credit_package_list` AS select `credit_packages`.`code` AS `code`,`credit_packages`.`name` AS `name`,`credit_packages`.`credits` AS `credits`,`credit_packages`.`price_minor` AS `price_minor`,`credit_packages`.`currency` AS `currency`,`credit_packages`.`valid_days` AS `valid_days`,`credit_packages`.`priority` AS `priority`,`credit_packages`.`requires_membership` AS `requires_membership`,`credit_packages`.`active` AS `active`,`credit_packages`.`version` AS `version`,`credit_packages`.`updated_at` AS `updated_at` from `credit_packages`;

CREATE SQL SECURITY DEFINER VIEW `credit_transaction_list` AS select `credit_transactions`.`id` AS `id`,`credit_transactions`.`user_id` AS `user_id`,`credit_transactions`.`version` AS `version`,`credit_transactions`.`type` AS `type`,`credit_transactions`.`amount` AS `amount`,`credit_transactions`.`balance_before` AS `balance_before`,`credit_transactions`.`balance_after` AS `balance_after`,`credit_transactions`.`held_change` AS `held_change`,`credit_transactions`.`held_after` AS `held_after`,`credit_transactions`.`status_after` AS `status_after`,`credit_transactions`.`draws` AS `draws`,`credit_transactions`.`reason` AS `reason`,`credit_transactions`.`feature` AS `feature`,`credit_transactions`.`metadata` AS `metadata`,`credit_transactions`.`actor` AS `actor`,`credit_transactions`.`related_transaction_id` AS `related_transaction_id`,`credit_transactions`.`hold_id` AS `hold_id`,`credit_transactions`.`grant_id` AS `grant_id`,`credit_transactions`.`grant_kind` AS `grant_kind`,`credit_transactions`.`operation` AS `operation`,`credit_transactions`.`request_key` AS `request_key`,`credit_transactions`.`period_start` AS `period_start`,`credit_transactions`.`traceparent` AS `traceparent`,`credit_transactions`.`created_at` AS `created_at` from `credit_transactions`;

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
    LEFT JOIN credit_transactions t ON t.user_id = a.user_id AND t.operation = 'adjust' AND t.request_key = o.request_key;

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
                   SUM(g.remaining - g.reserved) OVER (PARTITION BY g.user_id ORDER BY g.priority, g.expires_at IS NULL, g.expires_at, g.id
                                                       ROWS UNBOUNDED PRECEDING) AS until
              FROM w_account a
              STRAIGHT_JOIN credit_grants g ON g.user_id = a.user_id AND g.state = 'open'
             WHERE g.remaining > g.reserved) g
        ON g.user_id = e.user_id AND g.until - g.free < -e.amount
     WHERE e.amount < 0;
    CALL LedgerPost(in_now);
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
            LEFT JOIN membership_state m ON m.user_id = a.user_id) named;

  INSERT INTO membership_state (user_id, version, state, active_until, received_at)
  SELECT i.user_id, i.target_id, o.doc, i.ends_at, in_now
    FROM w_item i
    JOIN w_doc o ON o.ord = i.ord
   WHERE i.verdict = 'applied'
   ORDER BY i.user_id
      ON DUPLICATE KEY UPDATE version = VALUES(version), state = VALUES(state), active_until = VALUES(active_until), received_at = VALUES(received_at);
  UPDATE w_item i STRAIGHT_JOIN profiles p ON p.user_id = i.user_id SET p.due_at = in_now WHERE i.verdict = 'applied';
  UPDATE w_account a STRAIGHT_JOIN profiles p ON p.user_id = a.user_id SET a.due_at = p.due_at;

  SELECT i.ord, i.verdict AS outcome, a.user_id, m.version AS membership_version, m.state AS membership_state, a.served_start, a.served_end,
         a.served_given, a.allowance_remaining, a.due_at, a.status
    FROM w_item i
    JOIN w_account a ON a.user_id = i.user_id
    LEFT JOIN membership_state m ON m.user_id = a.user_id
   ORDER BY i.ord;
END;

CREATE PROCEDURE `CaptureHolds`(IN in_now DATETIME(3), IN in_operations JSON)
BEGIN
  CALL LedgerHoldEnd(in_now, in_operations, 'capture');
  CALL LedgerAnswerHolds();
END;

CREATE PROCEDURE `CheckAndResetUserCredits`(IN in_now DATETIME(3), IN in_operations JSON)
BEGIN
  CALL LedgerBegin();
  INSERT INTO w_op (ord, user_id, amount, request_key, request_hash, reason, actor, traceparent, code, starts_at, ends_at, flag,
                    membership_version, rollover, missed, due_at, tier, monthly_credits, next_reset_at)
  SELECT ord, user_id, quota, request_key, request_hash, reason, actor, traceparent, action, starts_at, ends_at, cancel,
         membership_version, rollover, missed, due_at, tier, monthly_credits, next_reset_at
    FROM JSON_TABLE(in_operations, '$[*]' COLUMNS (
           ord FOR ORDINALITY,
           user_id VARCHAR(129) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           membership_version BIGINT PATH '$.membershipVersion',
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
           request_hash VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.requestHash')) o;
  INSERT INTO w_user (user_id) SELECT DISTINCT user_id FROM w_op WHERE CHAR_LENGTH(user_id) BETWEEN 1 AND 128;
  CALL LedgerLock(in_now);
  CALL LedgerLapse(in_now);

  -- amount: the quota. available: unreserved leftover of the allowance. refundable: what moves over to the new period. code: the action.
  INSERT INTO w_item (ord, user_id, amount, request_key, request_hash, tx_version, available, refundable, code, starts_at, ends_at, verdict)
  SELECT ord, user_id, quota, request_key, request_hash, tx_version, leftover, LEAST(rollover, leftover + missed), action, starts_at, ends_at,
         CASE WHEN refused IS NOT NULL THEN refused
              WHEN action = 'none' THEN 'unchanged'
              WHEN action = 'forfeit' THEN CASE WHEN leftover > 0 THEN 'forfeited' ELSE 'unchanged' END
              -- A period that was over before the served one began: too late for it.
              WHEN ends_at <= served_start AND action = 'give' THEN 'unchanged'
              WHEN served_end IS NULL THEN CASE WHEN quota > 0 THEN 'first' ELSE 'unchanged' END
              WHEN action = 'force' OR starts_at >= served_end THEN 'reset'
              WHEN quota > served_given THEN 'topped_up'
              ELSE 'unchanged' END
    FROM (SELECT o.ord, a.user_id, COALESCE(o.amount, 0) AS quota, o.request_key, o.request_hash, t.version AS tx_version, o.code AS action, o.starts_at, o.ends_at,
                 a.served_start, a.served_end, a.served_given, GREATEST(COALESCE(o.rollover, 0), 0) AS rollover, GREATEST(COALESCE(o.missed, 0), 0) AS missed,
                 COALESCE(g.leftover, 0) AS leftover,
                 CASE WHEN a.user_id IS NULL OR o.code IS NULL OR o.code NOT IN ('give', 'force', 'forfeit', 'none')
                           OR ROW_NUMBER() OVER (PARTITION BY a.user_id ORDER BY o.ord) > 1
                           OR (o.code IN ('give', 'force') AND (o.starts_at IS NULL OR o.ends_at IS NULL OR o.ends_at <= o.starts_at
                                                                  OR o.amount IS NULL OR o.amount NOT BETWEEN 0 AND 1000000000)) THEN 'invalid'
                      WHEN t.id IS NOT NULL THEN CASE WHEN t.request_hash = o.request_hash THEN 'replayed' ELSE 'idempotency_key_reused' END
                      WHEN COALESCE(m.version, -1) <> COALESCE(o.membership_version, -1) THEN 'stale'
                      WHEN o.code IN ('give', 'force') AND o.starts_at > in_now THEN 'not_current' END AS refused
            FROM w_op o
            LEFT JOIN w_account a ON a.user_id = o.user_id
            LEFT JOIN membership_state m ON m.user_id = a.user_id
            LEFT JOIN credit_transactions t ON t.user_id = a.user_id AND t.operation = 'reset' AND t.request_key = o.request_key
            LEFT JOIN (SELECT g.user_id, SUM(g.remaining - g.reserved) AS leftover
                         FROM w_user u STRAIGHT_JOIN credit_grants g ON g.user_id = u.user_id AND g.state = 'open' AND g.kind = 'allowance'
                        GROUP BY g.user_id) g ON g.user_id = a.user_id) planned;

  -- What the account shows, before the entries are written, so that their events carry it.
  UPDATE w_item i
    STRAIGHT_JOIN w_op o ON o.ord = i.ord
    STRAIGHT_JOIN profiles p ON p.user_id = i.user_id
     SET p.due_at = o.due_at, p.tier = o.tier, p.monthly_credits = o.monthly_credits, p.next_reset_at = o.next_reset_at
   WHERE i.verdict IN ('first', 'reset', 'topped_up', 'forfeited', 'unchanged');
  UPDATE w_item i
    STRAIGHT_JOIN w_account a ON a.user_id = i.user_id
    STRAIGHT_JOIN profiles p ON p.user_id = i.user_id
     SET a.due_at = p.due_at, a.tier = p.tier, a.monthly_credits = p.monthly_credits, a.next_reset_at = p.next_reset_at
   WHERE i.verdict IN ('first', 'reset', 'topped_up', 'forfeited', 'unchanged');

  INSERT INTO w_entry (seq, ord, user_id, type, amount, new_kind, new_amount, new_priority, period_start, operation, own_key)
  SELECT ord, ord, user_id, type, given - lapsed, CASE WHEN given > 0 THEN 'allowance' END, CASE WHEN given > 0 THEN given END, 10, starts_at,
         CASE WHEN request_key IS NULL THEN 'allowance' ELSE 'reset' END,
         CASE WHEN request_key IS NULL AND verdict <> 'forfeited' THEN CONCAT(REPLACE(starts_at, ' ', 'T'), 'Z#', total,
              -- A forced reset without a key of its own may serve one period any number of times.
              CASE code WHEN 'force' THEN CONCAT('#', version + 1) ELSE '' END) END
    FROM (SELECT i.ord, i.user_id, i.verdict, i.code, i.starts_at, i.request_key, a.version,
                 CASE i.verdict WHEN 'reset' THEN 'reset' WHEN 'forfeited' THEN 'expire' ELSE 'grant' END AS type,
                 CASE i.verdict WHEN 'first' THEN i.amount WHEN 'topped_up' THEN i.amount - a.served_given
                                WHEN 'reset' THEN i.amount + i.refundable ELSE 0 END AS given,
                 CASE WHEN i.verdict IN ('reset', 'forfeited') THEN i.available ELSE 0 END AS lapsed,
                 i.amount AS total
            FROM w_item i JOIN w_account a ON a.user_id = i.user_id
           WHERE i.verdict IN ('first', 'reset', 'topped_up', 'forfeited')) booked;

  INSERT INTO w_draw (seq, place, grant_id, kind, change_by, reserve, ends)
  SELECT i.ord, g.id, g.id, g.kind, g.reserved - g.remaining, 0, 1
    FROM w_item i
    STRAIGHT_JOIN credit_grants g ON g.user_id = i.user_id AND g.state = 'open' AND g.kind = 'allowance'
   WHERE i.verdict IN ('reset', 'forfeited');

  UPDATE w_item i STRAIGHT_JOIN profiles p ON p.user_id = i.user_id
     SET p.served_given = CASE WHEN i.verdict = 'reset' AND (p.served_end IS NULL OR i.starts_at >= p.served_end) THEN i.amount
                               ELSE GREATEST(p.served_given, i.amount) END,
         p.served_start = i.starts_at, p.served_end = i.ends_at
   WHERE i.verdict IN ('first', 'reset', 'topped_up', 'unchanged') AND i.code IN ('give', 'force')
     AND (p.served_start IS NULL OR i.ends_at > p.served_start);

  -- Spent to the last credit: nothing to lapse, but it has ended like the rest. A refund that comes later must not open it again,
  -- or the credits would count for the old allowance and lapse with the next reset.
  UPDATE w_item i STRAIGHT_JOIN credit_grants g ON g.user_id = i.user_id
     SET g.state = 'ended', g.ended_at = in_now
   WHERE g.kind = 'allowance' AND g.state = 'spent'
     AND (i.verdict IN ('reset', 'forfeited') OR (i.code = 'forfeit' AND i.verdict = 'unchanged'));

  -- Kept by holds to the last credit: nothing to book, but what they free will lapse.
  UPDATE w_item i STRAIGHT_JOIN credit_grants g ON g.user_id = i.user_id
     SET g.state = 'ending', g.ended_at = in_now
   WHERE i.code = 'forfeit' AND i.verdict = 'unchanged' AND g.state = 'open' AND g.kind = 'allowance';

  UPDATE w_item i
    STRAIGHT_JOIN w_op o ON o.ord = i.ord
    STRAIGHT_JOIN yearly_member_credits y ON y.user_id = i.user_id
     SET y.status = 'cancelled'
   WHERE y.status = 'scheduled' AND o.flag IN ('true', '1') AND i.verdict IN ('first', 'reset', 'topped_up', 'forfeited', 'unchanged');

  IF JSON_CONTAINS_PATH(in_operations, 'one', '$[*].schedule') THEN
    DELETE FROM w_month;
    INSERT INTO w_month (ord, month, starts_at, ends_at, amount)
    SELECT ord, month, starts_at, ends_at, amount
      FROM JSON_TABLE(in_operations, '$[*]' COLUMNS (
             ord FOR ORDINALITY,
             NESTED PATH '$.schedule[*]' COLUMNS (
               month INT PATH '$.month',
               starts_at DATETIME(3) PATH '$.periodStart',
               ends_at DATETIME(3) PATH '$.periodEnd',
               amount BIGINT PATH '$.amount'))) o
     WHERE starts_at IS NOT NULL;
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

  CALL LedgerPost(in_now);

  UPDATE w_item i
    STRAIGHT_JOIN yearly_member_credits y ON y.user_id = i.user_id
    LEFT JOIN w_post p ON p.ord = i.ord
     SET y.given_amount = CASE WHEN y.period_start = i.starts_at THEN COALESCE(y.given_amount, 0) + COALESCE(p.new_amount, 0) END,
         y.transaction_version = CASE WHEN y.period_start = i.starts_at THEN COALESCE(p.version, y.transaction_version) END,
         y.status = CASE WHEN y.period_start = i.starts_at THEN 'given' ELSE 'skipped' END
   WHERE i.verdict IN ('first', 'reset', 'topped_up', 'unchanged') AND i.code IN ('give', 'force')
     AND ((y.period_start = i.starts_at AND (y.status = 'scheduled' OR p.version IS NOT NULL)) OR (y.status = 'scheduled' AND y.period_start < i.starts_at));

  CALL LedgerAudit(in_now, in_operations);
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
           CASE WHEN COALESCE(l.rows_written, 0) <> a.version OR COALESCE(l.newest, 0) <> a.version
                THEN CONCAT('{"code":"ledger_gap","expected":', a.version, ',"actual":', COALESCE(l.rows_written, 0), '}') END,
           CASE WHEN COALESCE(l.last_balance, 0) <> a.balance THEN CONCAT('{"code":"ledger_last","expected":', a.balance, ',"actual":', COALESCE(l.last_balance, 0), '}')
                WHEN COALESCE(l.last_held, 0) <> a.held THEN CONCAT('{"code":"ledger_last","expected":', a.held, ',"actual":', COALESCE(l.last_held, 0), '}')
                WHEN COALESCE(l.last_status, 'active') <> a.status THEN '{"code":"ledger_last","expected":0,"actual":1}' END,
           CASE WHEN l.breaks > 0 THEN CONCAT('{"code":"ledger_chain","expected":0,"actual":', l.breaks, '}') END,
           CASE WHEN d.wrong > 0 THEN CONCAT('{"code":"grant_draws","expected":0,"actual":', d.wrong, '}') END,
           CASE WHEN r.wrong > 0 THEN CONCAT('{"code":"over_refunded","expected":0,"actual":', r.wrong, '}') END), ']') AS problems
    FROM (SELECT p.user_id, p.version, p.balance, p.held, p.status, p.allowance_remaining,
                 COALESCE((SELECT SUM(g.remaining) FROM credit_grants g WHERE g.user_id = p.user_id), 0) AS grants,
                 COALESCE((SELECT SUM(g.reserved) FROM credit_grants g WHERE g.user_id = p.user_id), 0) AS reserved,
                 COALESCE((SELECT SUM(g.remaining) FROM credit_grants g WHERE g.user_id = p.user_id AND g.kind = 'allowance'), 0) AS allowance,
                 COALESCE((SELECT SUM(h.amount) FROM credit_holds h WHERE h.user_id = p.user_id AND h.status = 'open'), 0) AS holds
            FROM w_user n
            STRAIGHT_JOIN profiles p ON p.user_id = n.user_id) a
    LEFT JOIN (SELECT user_id, SUM(amount) AS amounts, COUNT(*) AS rows_written, MAX(version) AS newest,
                      SUM(CASE WHEN balance_before <> previous_balance OR held_after - held_change <> previous_held THEN 1 ELSE 0 END) AS breaks,
                      SUM(CASE WHEN next_version IS NULL THEN balance_after END) AS last_balance, SUM(CASE WHEN next_version IS NULL THEN held_after END) AS last_held,
                      MAX(CASE WHEN next_version IS NULL THEN status_after END) AS last_status
                 FROM (SELECT t.user_id, t.version, t.amount, t.balance_before, t.balance_after, t.held_change, t.held_after, CONCAT(t.status_after) AS status_after,
                              COALESCE(LAG(t.balance_after) OVER by_version, 0) AS previous_balance, COALESCE(LAG(t.held_after) OVER by_version, 0) AS previous_held,
                              LEAD(t.version) OVER by_version AS next_version
                         FROM w_user_2 n
                         STRAIGHT_JOIN credit_transactions t ON t.user_id = n.user_id
                       WINDOW by_version AS (PARTITION BY t.user_id ORDER BY t.version)) chained
                GROUP BY user_id) l ON l.user_id = a.user_id
    -- From the draws, not from the grants: a draw may name a grant of somebody else. A grant that no draw names shows in the sums.
    LEFT JOIN (SELECT x.user_id, COUNT(*) AS wrong
                 FROM (SELECT t.user_id, d.grant_id, SUM(d.change_by) AS remaining, SUM(d.reserve) AS reserved
                         FROM w_user_3 n
                         STRAIGHT_JOIN credit_transactions t ON t.user_id = n.user_id
                         STRAIGHT_JOIN JSON_TABLE(t.draws, '$[*]' COLUMNS (grant_id BIGINT PATH '$.g', change_by BIGINT PATH '$.c', reserve BIGINT PATH '$.r')) d
                        GROUP BY t.user_id, d.grant_id) x
                 LEFT JOIN credit_grants g ON g.id = x.grant_id AND g.user_id = x.user_id
                WHERE g.id IS NULL OR x.remaining <> g.remaining OR x.reserved <> g.reserved
                GROUP BY x.user_id) d ON d.user_id = a.user_id
    LEFT JOIN (SELECT c.user_id, COUNT(*) AS wrong
                 FROM (SELECT r.related_transaction_id AS id, SUM(r.amount) AS given
                         FROM w_user_4 n
                         STRAIGHT_JOIN credit_transactions r ON r.user_id = n.user_id
                        WHERE r.type = 'refund' GROUP BY r.related_transaction_id) x
                 JOIN credit_transactions c ON c.id = x.id
                WHERE x.given > -c.amount
                GROUP BY c.user_id) r ON r.user_id = a.user_id
   ORDER BY a.user_id;
END;

CREATE PROCEDURE `ClaimDueAccounts`(IN in_now DATETIME(3), IN in_limit INT)
BEGIN
  CALL LedgerBegin();
  INSERT INTO w_user (user_id)
  SELECT user_id FROM profiles WHERE due_at <= in_now ORDER BY due_at LIMIT in_limit FOR UPDATE SKIP LOCKED;
  CALL LedgerLock(in_now);
  CALL LedgerDueState();
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
                      ORDER BY g.priority, g.expires_at IS NULL, g.expires_at, g.id SEPARATOR ',')
    INTO v_grants
    FROM (SELECT d.grant_id, SUM(d.change_by) AS remaining, SUM(d.reserve) AS reserved
            FROM credit_transactions t
            STRAIGHT_JOIN JSON_TABLE(t.draws, '$[*]' COLUMNS (grant_id BIGINT PATH '$.g', change_by BIGINT PATH '$.c', reserve BIGINT PATH '$.r')) d
           WHERE t.user_id = v_user AND t.version <= v_version
           GROUP BY d.grant_id
          HAVING SUM(d.change_by) > 0) s
    JOIN credit_grants g ON g.id = s.grant_id;

  SELECT COALESCE(t.version, 0) AS version, COALESCE(t.balance_after, 0) AS balance, COALESCE(t.held_after, 0) AS held, COALESCE(t.status_after, 'active') AS status,
         CONCAT('[', COALESCE(v_grants, ''), ']') AS grants
    FROM profiles a
    LEFT JOIN credit_transactions t ON t.user_id = a.user_id AND t.version = v_version
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
                                                   ORDER BY g.priority, g.expires_at IS NULL, g.expires_at, g.id SEPARATOR ','), ''), ']')
            FROM credit_grants g WHERE g.user_id = a.user_id AND g.state IN ('open', 'ending')) AS grants
    FROM w_user named
    STRAIGHT_JOIN profiles a ON a.user_id = named.user_id
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
                    LEFT JOIN credit_transactions t ON t.user_id = a.user_id AND t.operation = 'grant' AND t.request_key = o.request_key) known
          WINDOW same_key AS (PARTITION BY user_id, request_key, verdict ORDER BY ord ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)) numbered;

  INSERT INTO w_entry (seq, ord, user_id, type, amount, new_kind, new_amount, new_priority, new_until, operation)
  SELECT ord, ord, user_id, 'grant', amount, code, amount, priority, ends_at, 'grant'
    FROM w_item WHERE verdict = 'ok';
  CALL LedgerPost(in_now);
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

CREATE PROCEDURE `LapseDueAccounts`(IN in_now DATETIME(3), IN in_limit INT)
BEGIN
  DECLARE v_accounts INT DEFAULT 0;
  DECLARE v_before BIGINT DEFAULT 0;
  CALL LedgerBegin();
  INSERT INTO w_user (user_id)
  SELECT user_id FROM profiles WHERE lapse_at <= in_now ORDER BY lapse_at LIMIT in_limit FOR UPDATE SKIP LOCKED;
  SET v_accounts = ROW_COUNT();
  CALL LedgerLock(in_now);
  SELECT COALESCE(SUM(version), 0) INTO v_before FROM w_account;
  CALL LedgerLapse(in_now);
  SELECT v_accounts AS accounts, COALESCE(SUM(version), 0) - v_before AS written FROM w_account;
END;

CREATE PROCEDURE `LedgerAnswer`()
BEGIN
  SELECT i.ord, i.verdict AS outcome, i.required, i.available, i.refundable,
         a.user_id AS a_user_id, COALESCE(t.version, a.version) AS a_version, COALESCE(t.balance_after, a.balance) AS a_balance,
         COALESCE(t.held_after, a.held) AS a_held, COALESCE(t.status_after, a.status) AS a_status,
         t.id AS t_id, t.user_id AS t_user_id, t.version AS t_version, t.type AS t_type, t.amount AS t_amount,
         t.balance_before AS t_balance_before, t.balance_after AS t_balance_after, t.held_change AS t_held_change,
         t.held_after AS t_held_after, t.status_after AS t_status_after, t.draws AS t_draws, t.reason AS t_reason, t.feature AS t_feature,
         t.metadata AS t_metadata, t.actor AS t_actor, t.related_transaction_id AS t_related_transaction_id, t.hold_id AS t_hold_id,
         t.grant_id AS t_grant_id, t.grant_kind AS t_grant_kind, t.operation AS t_operation, t.request_key AS t_request_key,
         t.period_start AS t_period_start, t.traceparent AS t_traceparent, t.created_at AS t_created_at
    FROM w_item i
    LEFT JOIN w_account a ON a.user_id = i.user_id
    LEFT JOIN credit_transactions t ON t.user_id = i.user_id AND t.version = i.tx_version
   ORDER BY i.ord;
END;

CREATE PROCEDURE `LedgerAnswerHolds`()
BEGIN
  SELECT i.ord, i.verdict AS outcome, i.required, i.available, i.refundable,
         a.user_id AS a_user_id, COALESCE(t.version, a.version) AS a_version, COALESCE(t.balance_after, a.balance) AS a_balance,
         COALESCE(t.held_after, a.held) AS a_held, COALESCE(t.status_after, a.status) AS a_status,
         t.id AS t_id, t.user_id AS t_user_id, t.version AS t_version, t.type AS t_type, t.amount AS t_amount,
         t.balance_before AS t_balance_before, t.balance_after AS t_balance_after, t.held_change AS t_held_change,
         t.held_after AS t_held_after, t.status_after AS t_status_after, t.draws AS t_draws, t.reason AS t_reason, t.feature AS t_feature,
         t.metadata AS t_metadata, t.actor AS t_actor, t.related_transaction_id AS t_related_transaction_id, t.hold_id AS t_hold_id,
         t.grant_id AS t_grant_id, t.grant_kind AS t_grant_kind, t.operation AS t_operation, t.request_key AS t_request_key,
         t.period_start AS t_period_start, t.traceparent AS t_traceparent, t.created_at AS t_created_at,
         h.id AS h_id, h.user_id AS h_user_id, h.amount AS h_amount, h.captured AS h_captured, h.status AS h_status,
         h.expires_at AS h_expires_at, h.created_at AS h_created_at, h.ended_at AS h_ended_at, h.reason AS h_reason, h.feature AS h_feature,
         h.actor AS h_actor, CASE WHEN h.status = 'captured' THEN e.id END AS h_capture_transaction_id
    FROM w_item i
    LEFT JOIN w_account a ON a.user_id = i.user_id
    LEFT JOIN credit_transactions t ON t.user_id = i.user_id AND t.version = i.tx_version
    LEFT JOIN credit_holds h ON h.id = COALESCE(t.hold_id, i.target_id)
    LEFT JOIN credit_transactions e ON e.user_id = h.user_id AND e.version = h.end_version
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
      LEFT JOIN credit_transactions t ON t.user_id = i.user_id AND t.version = i.tx_version
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
  DECLARE CONTINUE HANDLER FOR 1146 CALL LedgerWorkTables();
  -- The first statement fails with 1146 on a fresh connection; the handler makes all tables and the rest goes on.
  DELETE FROM w_judge;
  DELETE FROM w_op;
  DELETE FROM w_source;
  DELETE FROM w_user;
  DELETE FROM w_account;
  DELETE FROM w_item;
  DELETE FROM w_entry;
  DELETE FROM w_draw;
  DELETE FROM w_post;
END;

CREATE PROCEDURE `LedgerDueState`()
BEGIN
  SELECT a.user_id, m.version AS membership_version, m.state AS membership_state, a.served_start, a.served_end, a.served_given,
         a.allowance_remaining, a.due_at, a.status
    FROM w_account a
    LEFT JOIN membership_state m ON m.user_id = a.user_id
   ORDER BY a.user_id;
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
      STRAIGHT_JOIN credit_holds h ON h.id = e.hold_id
      STRAIGHT_JOIN credit_transactions t ON t.user_id = h.user_id AND t.version = h.origin_version
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
  SELECT DISTINCT h.user_id FROM w_op o STRAIGHT_JOIN credit_holds h ON h.id = o.target_id;
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
    LEFT JOIN credit_holds h ON h.id = o.target_id
    LEFT JOIN credit_transactions t ON t.user_id = h.user_id AND t.operation = in_operation AND t.request_key = o.request_key;

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
    FROM w_item i JOIN credit_holds h ON h.id = i.target_id
   WHERE i.verdict = 'ok';

  -- What the hold keeps of which grant stands in its ledger row. A capture takes from the first ones, in the order in which they were reserved.
  CALL LedgerHoldDraws();
  INSERT INTO w_draw (seq, place, grant_id, kind, change_by, reserve)
  SELECT seq, place, grant_id, kind, -GREATEST(0, LEAST(taken, until) - (until - amount)), -amount
    FROM (SELECT e.seq, d.place, d.grant_id, d.kind, d.amount, -e.amount AS taken,
                 SUM(d.amount) OVER (PARTITION BY e.seq ORDER BY d.place ROWS UNBOUNDED PRECEDING) AS until
            FROM w_entry e JOIN w_source d ON d.id = e.hold_id) kept;

  CALL LedgerPost(in_now);
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
        STRAIGHT_JOIN credit_holds h ON h.user_id = a.user_id AND h.status = 'open'
       WHERE a.lapse_at <= in_now AND h.expires_at <= in_now
       ORDER BY h.expires_at, h.id LIMIT 500;
      SET v_found = ROW_COUNT(), v_pass = v_pass + 1;
      IF v_found > 0 THEN
        CALL LedgerHoldDraws();
        INSERT INTO w_draw (seq, place, grant_id, kind, change_by, reserve)
        SELECT e.seq, d.place, d.grant_id, d.kind, 0, -d.amount FROM w_entry e JOIN w_source d ON d.id = e.hold_id;
        CALL LedgerPost(in_now);
      END IF;
    END WHILE;

    CALL LedgerLapseGrants(in_now);

    -- Spent grants count: a refund opens them again.
    UPDATE (SELECT a.user_id, (SELECT MIN(g.expires_at) FROM credit_grants g
                                WHERE g.user_id = a.user_id AND g.state IN ('open', 'spent') AND g.expires_at > in_now) AS grant_end,
                   (SELECT MIN(h.expires_at) FROM credit_holds h WHERE h.user_id = a.user_id AND h.status = 'open') AS hold_end
              FROM w_account a WHERE a.lapse_at <= in_now) n
      STRAIGHT_JOIN profiles p ON p.user_id = n.user_id
       SET p.lapse_at = CASE WHEN n.grant_end IS NULL OR n.hold_end < n.grant_end THEN n.hold_end ELSE n.grant_end END;
    UPDATE w_account a STRAIGHT_JOIN profiles p ON p.user_id = a.user_id SET a.lapse_at = p.lapse_at WHERE a.lapse_at <= in_now;
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
      STRAIGHT_JOIN credit_grants g ON g.user_id = a.user_id AND g.state IN ('open', 'ending')
     WHERE (g.state = 'ending' OR g.expires_at <= in_now) AND g.remaining > g.reserved
     ORDER BY g.expires_at, g.id LIMIT 500;
    SET v_found = ROW_COUNT();
    IF v_found > 0 THEN
      INSERT INTO w_draw (seq, place, grant_id, kind, change_by, reserve, ends)
      SELECT e.seq, 1, g.id, g.kind, e.amount, 0, 1
        FROM w_entry e JOIN credit_grants g ON g.id = e.grant_id;
      CALL LedgerPost(in_now);
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
    STRAIGHT_JOIN profiles p ON p.user_id = u.user_id
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
      STRAIGHT_JOIN profiles p ON p.user_id = u.user_id
       FOR UPDATE;
  END IF;
END;

CREATE PROCEDURE `LedgerPost`(IN in_now DATETIME(3))
post: BEGIN
  DECLARE v_entries INT DEFAULT 0;
  DECLARE v_new_grants INT DEFAULT 0;
  DECLARE v_holds INT DEFAULT 0;
  DECLARE v_signals INT DEFAULT 0;

  DELETE FROM w_post;
  SELECT COUNT(*) INTO v_entries FROM w_entry;
  IF v_entries = 0 THEN
    LEAVE post;
  END IF;

  -- The default of MySQL cuts a long list of draws short without a word.
  SET SESSION group_concat_max_len = 4194304;

  INSERT INTO w_post (seq, ord, user_id, version, type, amount, balance_after, held_change, held_after, status_after, allowance_after,
                      low_before, low_after, threshold, is_last, lapse_at, created_at, related_id, hold_id, hold_end, hold_until,
                      grant_id, new_kind, new_amount, new_priority, new_until, period_start, operation, own_key, own_reason)
  SELECT seq, ord, user_id, version, type, amount, balance_after, held_change, held_after, status_after, allowance_after,
         CASE WHEN place = 1 THEN is_low ELSE (balance_after - amount) - (held_after - held_change) < threshold END,
         balance_after - held_after < threshold, threshold, next_seq IS NULL, lapse_at, created_at, related_id, hold_id, hold_end, hold_until,
         grant_id, new_kind, new_amount, new_priority, new_until, period_start, operation, own_key, own_reason
    FROM (SELECT e.seq, e.ord, e.user_id, e.type, e.amount, e.held_change, e.related_id, e.hold_id, e.hold_end, e.hold_until, e.grant_id,
                 e.new_kind, e.new_amount, e.new_priority, e.new_until, e.period_start, e.operation, e.own_key, e.own_reason,
                 a.is_low, COALESCE(e.set_status, a.status) AS status_after, GREATEST(in_now, a.last_at) AS created_at,
                 COALESCE(a.low_threshold, FLOOR(COALESCE(a.monthly_credits, 0) / 10)) AS threshold,
                 ROW_NUMBER() OVER placed AS place,
                 LEAD(e.seq) OVER placed AS next_seq,
                 a.version + ROW_NUMBER() OVER placed AS version,
                 -- What a row says must be what its draws do. No CHECK lets -1 pass.
                 CASE WHEN e.amount = COALESCE(d.changed, 0) + COALESCE(e.new_amount, 0) AND e.held_change = COALESCE(d.reserved, 0)
                      THEN a.balance + SUM(e.amount) OVER running ELSE -1 END AS balance_after,
                 a.held + SUM(e.held_change) OVER running AS held_after,
                 a.allowance_remaining
                   + SUM(COALESCE(d.allowance_change, 0) + CASE WHEN e.new_kind = 'allowance' THEN e.new_amount ELSE 0 END) OVER running AS allowance_after,
                 -- Of the last row, where it counts, it is the earliest of all. One order for all windows: MySQL sorts once.
                 MIN(COALESCE(e.new_until, e.hold_until)) OVER running AS lapse_at
            FROM w_entry e
            JOIN w_account a ON a.user_id = e.user_id
            LEFT JOIN (SELECT seq, SUM(change_by) AS changed, SUM(reserve) AS reserved, SUM(CASE kind WHEN 'allowance' THEN change_by ELSE 0 END) AS allowance_change
                         FROM w_draw GROUP BY seq) d ON d.seq = e.seq
          WINDOW placed AS (PARTITION BY e.user_id ORDER BY e.seq),
                 running AS (PARTITION BY e.user_id ORDER BY e.seq ROWS UNBOUNDED PRECEDING)) figured;

  SELECT COALESCE(SUM(new_kind IS NOT NULL), 0), COALESCE(SUM(hold_until IS NOT NULL OR hold_end IS NOT NULL), 0), COALESCE(SUM(low_before <> low_after), 0)
    INTO v_new_grants, v_holds, v_signals
    FROM w_post;

  IF v_new_grants > 0 THEN
    INSERT INTO credit_grants (user_id, origin_version, kind, state, amount, remaining, reserved, priority, expires_at, created_at)
    SELECT user_id, version, new_kind, 'open', new_amount, new_amount, 0, new_priority, new_until, created_at
      FROM w_post WHERE new_kind IS NOT NULL ORDER BY seq;
    INSERT INTO w_draw (seq, place, grant_id, kind, change_by, reserve, fresh)
    SELECT p.seq, 9000000000000000000, g.id, g.kind, g.amount, 0, 1
      FROM w_post p JOIN credit_grants g ON g.user_id = p.user_id AND g.origin_version = p.version
     WHERE p.new_kind IS NOT NULL;
    UPDATE w_post p JOIN (SELECT seq, grant_id FROM w_draw WHERE fresh = 1) d ON d.seq = p.seq SET p.grant_id = d.grant_id;
  END IF;

  IF v_holds > 0 THEN
    INSERT INTO credit_holds (user_id, origin_version, status, amount, expires_at, reason, feature, metadata, actor, created_at)
    SELECT p.user_id, p.version, 'open', p.held_change, p.hold_until, COALESCE(o.reason, ''), o.feature, m.doc, COALESCE(o.actor, 'system'), p.created_at
      FROM w_post p
      JOIN w_op o ON o.ord = p.ord
      LEFT JOIN w_doc m ON m.ord = o.ord AND o.has_metadata = 1
     WHERE p.hold_until IS NOT NULL ORDER BY p.seq;
    DELETE FROM w_judge;
    INSERT INTO w_judge (ord, figure)
    SELECT p.seq, h.id FROM w_post p JOIN credit_holds h ON h.user_id = p.user_id AND h.origin_version = p.version
     WHERE p.hold_until IS NOT NULL;
    UPDATE w_post p JOIN w_judge j ON j.ord = p.seq SET p.hold_id = j.figure;
    DELETE FROM w_judge;
    UPDATE w_post p STRAIGHT_JOIN credit_holds h ON h.id = p.hold_id
       SET h.status = p.hold_end, h.captured = -p.amount, h.ended_at = p.created_at, h.end_version = p.version
     WHERE p.hold_end IS NOT NULL;
  END IF;

  INSERT INTO credit_transactions (user_id, version, type, amount, balance_before, balance_after, held_change, held_after, status_after,
                                   draws, reason, feature, metadata, actor, related_transaction_id, hold_id, grant_id, grant_kind,
                                   operation, request_key, request_hash, period_start, traceparent, created_at)
  SELECT p.user_id, p.version, p.type, p.amount, p.balance_after - p.amount, p.balance_after, p.held_change, p.held_after, p.status_after,
         COALESCE(d.draws, '[]'), COALESCE(p.own_reason, NULLIF(o.reason, ''), h.reason, ''), COALESCE(o.feature, h.feature), COALESCE(m.doc, h.metadata), COALESCE(o.actor, 'system'),
         p.related_id, p.hold_id, p.grant_id, p.new_kind, p.operation, COALESCE(p.own_key, o.request_key),
         CASE WHEN p.own_key IS NULL THEN o.request_hash END, p.period_start, o.traceparent, p.created_at
    FROM w_post p
    LEFT JOIN w_op o ON o.ord = p.ord
    LEFT JOIN w_doc m ON m.ord = o.ord AND o.has_metadata = 1
    -- A capture or release says what its hold said, where it says nothing itself.
    LEFT JOIN credit_holds h ON h.id = p.hold_id
    LEFT JOIN (SELECT seq, CONCAT('[', GROUP_CONCAT('{"g":', grant_id, ',"k":"', kind, '","c":', change_by, ',"r":', reserve, '}' ORDER BY place SEPARATOR ','), ']') AS draws
                 FROM w_draw GROUP BY seq) d ON d.seq = p.seq
   ORDER BY p.seq;

  -- Work tables stand first in every UPDATE: an optimizer that began with the other side would lock rows of accounts that are not ours.
  UPDATE (SELECT d.grant_id, CASE WHEN MIN(o.user_id = p.user_id) = 1 THEN o.remaining + SUM(d.change_by) ELSE -1 END AS remaining, o.reserved + SUM(d.reserve) AS reserved,
                 CASE WHEN MAX(d.ends) = 1 OR o.state IN ('ending', 'ended')
                      THEN CASE WHEN o.remaining + SUM(d.change_by) > 0 THEN 'ending' ELSE 'ended' END
                      ELSE CASE WHEN o.remaining + SUM(d.change_by) > 0 THEN 'open' ELSE 'spent' END END AS state
            FROM w_draw d STRAIGHT_JOIN w_post p ON p.seq = d.seq STRAIGHT_JOIN credit_grants o ON o.id = d.grant_id
           WHERE d.fresh = 0
           GROUP BY d.grant_id, o.remaining, o.reserved, o.state) n
    STRAIGHT_JOIN credit_grants g ON g.id = n.grant_id
     SET g.remaining = n.remaining, g.reserved = n.reserved,
         g.ended_at = CASE WHEN n.state IN ('ending', 'ended') THEN COALESCE(g.ended_at, in_now) END,
         g.state = n.state;

  UPDATE w_post p STRAIGHT_JOIN profiles a ON a.user_id = p.user_id
     SET a.version = p.version, a.balance = p.balance_after, a.held = p.held_after, a.status = p.status_after,
         a.allowance_remaining = p.allowance_after, a.is_low = p.low_after, a.last_at = p.created_at,
         a.lapse_at = CASE WHEN p.lapse_at IS NULL OR a.lapse_at <= p.lapse_at THEN a.lapse_at ELSE p.lapse_at END
   WHERE p.is_last = 1;

  -- proto3 JSON of stipend.credits.v1.CreditsChanged. Built as text: MariaDB would quote a JSON_OBJECT inside a CASE.
  INSERT INTO outbox (event_id, topic, type, subject, occurred_at, payload, traceparent)
  SELECT UUID(), 'credits.v1', 'stipend.credits.v1.CreditsChanged', t.user_id, t.created_at,
         CONCAT('{"userId":"', t.user_id, '","version":"', t.version, '","balance":"', t.balance_after, '","held":"', t.held_after,
                '","available":"', t.balance_after - t.held_after,
                '","status":"', CASE t.status_after WHEN 'frozen' THEN 'ACCOUNT_STATUS_FROZEN' ELSE 'ACCOUNT_STATUS_ACTIVE' END,
                '","transaction":{"id":"', t.id, '","type":"', t.type, '","amount":"', t.amount,
                '","balanceBefore":"', t.balance_before, '","balanceAfter":"', t.balance_after, '","heldAfter":"', t.held_after,
                '","reason":', JSON_QUOTE(t.reason), ',"feature":', COALESCE(JSON_QUOTE(t.feature), '""'),
                ',"relatedId":"', COALESCE(t.hold_id, t.related_transaction_id, ''), '","actor":', JSON_QUOTE(t.actor),
                ',"heldChange":"', t.held_change, '","grantKind":"', COALESCE(t.grant_kind, ''),
                '","createdAt":"', REPLACE(t.created_at, ' ', 'T'), 'Z"',
                CASE WHEN t.period_start IS NULL THEN '' ELSE CONCAT(',"periodStart":"', REPLACE(t.period_start, ' ', 'T'), 'Z"') END, '}',
                CASE WHEN a.tier IS NULL THEN ''
                     ELSE CONCAT(',"allowance":{"tier":"', a.tier, '","monthlyCredits":"', COALESCE(a.monthly_credits, 0), '","remaining":"', p.allowance_after, '"',
                                 CASE WHEN a.next_reset_at IS NULL THEN '' ELSE CONCAT(',"nextResetAt":"', REPLACE(a.next_reset_at, ' ', 'T'), 'Z"') END, '}') END,
                '}'),
         t.traceparent
    FROM w_post p
    STRAIGHT_JOIN credit_transactions t ON t.user_id = p.user_id AND t.version = p.version
    JOIN w_account a ON a.user_id = p.user_id
   ORDER BY p.seq;

  IF v_signals > 0 THEN
    INSERT INTO outbox (event_id, topic, type, subject, occurred_at, payload)
    SELECT UUID(), 'credits.v1',
           CASE low_after WHEN 1 THEN 'stipend.credits.v1.LowBalance' ELSE 'stipend.credits.v1.LowBalanceRecovered' END,
           user_id, created_at,
           JSON_OBJECT('userId', user_id, 'version', version, 'available', balance_after - held_after, 'threshold', threshold,
                       'occurredAt', CONCAT(REPLACE(created_at, ' ', 'T'), 'Z'))
      FROM w_post WHERE low_before <> low_after ORDER BY seq;
  END IF;

  UPDATE w_account a JOIN w_post p ON p.user_id = a.user_id
     SET a.version = p.version, a.balance = p.balance_after, a.held = p.held_after, a.status = p.status_after,
         a.allowance_remaining = p.allowance_after, a.is_low = p.low_after, a.last_at = p.created_at
   WHERE p.is_last = 1;
  UPDATE w_item i JOIN w_post p ON p.ord = COALESCE(i.first_ord, i.ord) SET i.tx_version = p.version;

  DELETE FROM w_entry;
  DELETE FROM w_draw;
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
  SELECT ord, id, actor, roles, action, reason, ip, user_agent, request_id, trace_id, traceparent
    FROM JSON_TABLE(in_operations, '$[*]' COLUMNS (
           ord FOR ORDINALITY,
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

CREATE PROCEDURE `LedgerReadSpend`(IN in_operations JSON)
BEGIN
  DECLARE v_documents INT DEFAULT 0;
  INSERT INTO w_op (ord, user_id, amount, ttl, request_key, request_hash, reason, feature, actor, traceparent, has_metadata)
  SELECT ord, user_id, amount, ttl, request_key, request_hash, reason, feature, actor, traceparent, has_metadata
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
           has_metadata INT EXISTS PATH '$.metadata')) o;

  SELECT COALESCE(SUM(has_metadata), 0) INTO v_documents FROM w_op;
  IF v_documents > 0 THEN
    DELETE FROM w_doc;
    INSERT INTO w_doc (ord, doc)
    SELECT ord, doc FROM JSON_TABLE(in_operations, '$[*]' COLUMNS (ord FOR ORDINALITY, doc JSON PATH '$.metadata')) o WHERE doc IS NOT NULL;
  END IF;

  INSERT INTO w_user (user_id) SELECT DISTINCT user_id FROM w_op WHERE CHAR_LENGTH(user_id) BETWEEN 1 AND 128;
END;

CREATE PROCEDURE `LedgerSpend`(IN in_now DATETIME(3), IN in_operations JSON, IN in_operation VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin)
BEGIN
  DECLARE v_open INT DEFAULT 0;

  CALL LedgerBegin();

  CALL LedgerReadSpend(in_operations);
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
                    LEFT JOIN credit_transactions t ON t.user_id = a.user_id AND t.operation = in_operation
                                                   AND t.request_key = o.request_key) known) numbered;

  SELECT COUNT(*) INTO v_open FROM w_item WHERE verdict IS NULL;

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
    SELECT COUNT(*) INTO v_open FROM w_item WHERE verdict IS NULL;
  END WHILE;

  SELECT COUNT(*) INTO v_open FROM w_item WHERE verdict = 'insufficient_credits';
  IF v_open > 0 THEN
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
                 SUM(g.remaining - g.reserved) OVER (PARTITION BY g.user_id ORDER BY g.priority, g.expires_at IS NULL, g.expires_at, g.id
                                                     ROWS UNBOUNDED PRECEDING) AS until
            FROM w_account a
            STRAIGHT_JOIN credit_grants g ON g.user_id = a.user_id AND g.state = 'open'
           WHERE g.remaining > g.reserved) g
      ON g.user_id = n.user_id AND g.until > n.until - n.need AND g.until - g.free < n.until;

  CALL LedgerPost(in_now);
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
    -- The entry makes this grant: nothing to update.
    fresh     TINYINT NOT NULL DEFAULT 0,
    KEY (seq)
  ) ENGINE = MEMORY;

  CREATE TEMPORARY TABLE IF NOT EXISTS w_post (
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
    PRIMARY KEY (seq),
    KEY (ord)
  ) ENGINE = MEMORY;

  -- Copies for CheckCreditsSync, which needs the accounts in four places of one statement.
  CREATE TEMPORARY TABLE IF NOT EXISTS w_user_2 (user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY) ENGINE = MEMORY;
  CREATE TEMPORARY TABLE IF NOT EXISTS w_user_3 (user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY) ENGINE = MEMORY;
  CREATE TEMPORARY TABLE IF NOT EXISTS w_user_4 (user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY) ENGINE = MEMORY;

  -- The last one: LedgerBegin looks for it first, so a connection that was cut off in here makes the missing ones.
  CREATE TEMPORARY TABLE IF NOT EXISTS w_judge (
    ord      INT NOT NULL,
    verdict  VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL,
    first_ord INT NULL,
    figure   BIGINT NULL,
    tx_version BIGINT NULL,
    PRIMARY KEY (ord)
  ) ENGINE = MEMORY;
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

CREATE PROCEDURE `LoadDue`(IN in_now DATETIME(3), IN in_user_ids JSON)
BEGIN
  CALL LedgerBegin();
  CALL LedgerUsers(in_user_ids);
  CALL LedgerLock(in_now);
  CALL LedgerDueState();
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
            LEFT JOIN credit_transactions t ON t.user_id = a.user_id AND t.operation = 'open' AND t.request_key = o.request_key
            LEFT JOIN credit_transactions s ON s.user_id = a.user_id AND s.operation = 'open' AND s.request_key = o.reference) judged;

  INSERT INTO w_entry (seq, ord, user_id, type, amount, new_kind, new_amount, new_priority, period_start, operation)
  SELECT ord, ord, user_id, 'grant', amount,
         CASE WHEN amount > 0 THEN CASE code WHEN 'allowance' THEN 'allowance' ELSE 'adjustment' END END,
         CASE WHEN amount > 0 THEN amount END, CASE code WHEN 'allowance' THEN 10 ELSE 50 END, starts_at, 'open'
    FROM w_item WHERE verdict = 'ok';

  UPDATE w_item i STRAIGHT_JOIN profiles p ON p.user_id = i.user_id
     SET p.served_start = i.starts_at, p.served_end = i.ends_at, p.served_given = i.refundable
   WHERE i.verdict = 'ok' AND i.code = 'allowance';

  IF JSON_CONTAINS_PATH(in_operations, 'one', '$[*].schedule') THEN
    DELETE FROM w_month;
    INSERT INTO w_month (ord, month, starts_at, ends_at, amount)
    SELECT ord, month, starts_at, ends_at, amount
      FROM JSON_TABLE(in_operations, '$[*]' COLUMNS (
             ord FOR ORDINALITY,
             NESTED PATH '$.schedule[*]' COLUMNS (
               month INT PATH '$.month',
               starts_at DATETIME(3) PATH '$.periodStart',
               ends_at DATETIME(3) PATH '$.periodEnd',
               amount BIGINT PATH '$.amount'))) o
     WHERE starts_at IS NOT NULL;
    INSERT INTO yearly_member_credits (user_id, period_start, period_end, month, amount, status, given_amount)
    SELECT i.user_id, o.starts_at, o.ends_at, o.month, o.amount, 'given', o.amount
      FROM w_item i
      JOIN w_month o ON o.ord = i.ord
     WHERE i.verdict = 'ok' AND i.code = 'allowance'
        ON DUPLICATE KEY UPDATE month = yearly_member_credits.month;
  END IF;

  CALL LedgerPost(in_now);
  CALL LedgerAudit(in_now, in_operations);
  UPDATE w_item SET required = NULL, available = NULL, refundable = NULL;
  CALL LedgerAnswer();
END;

CREATE PROCEDURE `OutboxClaim`(IN in_limit INT)
    READS SQL DATA
BEGIN
  DECLARE v_limit INT DEFAULT LEAST(GREATEST(in_limit, 1), 500);
  SELECT o.id, o.event_id, o.topic, o.type, o.subject, o.occurred_at, o.payload, o.traceparent
    FROM outbox o
   WHERE o.published_at IS NULL
     AND NOT EXISTS (
       SELECT 1
         FROM outbox_failures f
        WHERE f.topic = o.topic AND f.subject = o.subject AND f.outbox_id <= o.id
     )
   ORDER BY o.id
   LIMIT v_limit;
END;

CREATE PROCEDURE `OutboxFailed`(IN in_id BIGINT, IN in_error TEXT, IN in_now DATETIME(3))
    MODIFIES SQL DATA
BEGIN
  UPDATE outbox SET attempts = attempts + 1, last_error = LEFT(in_error, 500) WHERE id = in_id;
  INSERT INTO outbox_failures (outbox_id, topic, subject, failed_at)
  SELECT o.id, o.topic, o.subject, in_now FROM outbox o WHERE o.id = in_id
  ON DUPLICATE KEY UPDATE failed_at = in_now;
END;

CREATE PROCEDURE `OutboxFailures`(IN in_limit INT)
    READS SQL DATA
BEGIN
  DECLARE v_limit INT DEFAULT LEAST(GREATEST(in_limit, 1), 500);
  SELECT o.id, o.event_id, o.topic, o.type, o.subject, o.occurred_at, o.payload, o.attempts, o.last_error, f.failed_at
    FROM outbox_failures f
    JOIN outbox o ON o.id = f.outbox_id
   ORDER BY f.outbox_id
   LIMIT v_limit;
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
  DELETE FROM outbox WHERE published_at < in_before ORDER BY published_at, id LIMIT v_limit;
  SELECT ROW_COUNT() AS purged;
END;

CREATE PROCEDURE `OutboxRetry`()
    MODIFIES SQL DATA
BEGIN
  DELETE FROM outbox_failures;
  SELECT ROW_COUNT() AS retried;
END;

CREATE PROCEDURE `OutboxSkip`(IN in_id BIGINT, IN in_now DATETIME(3))
    MODIFIES SQL DATA
BEGIN
  DECLARE v_skipped INT DEFAULT 0;
  DELETE FROM outbox_failures WHERE outbox_id = in_id;
  SET v_skipped = ROW_COUNT();
  IF v_skipped > 0 THEN
    UPDATE outbox SET published_at = in_now WHERE id = in_id;
  END IF;
  SELECT v_skipped AS skipped;
END;

CREATE PROCEDURE `OutboxStats`()
    READS SQL DATA
BEGIN
  SELECT (SELECT COUNT(*) FROM (SELECT 1 FROM outbox WHERE published_at IS NULL LIMIT 10000) waiting) AS pending,
         (SELECT occurred_at FROM outbox WHERE published_at IS NULL ORDER BY id LIMIT 1) AS oldest_at,
         (SELECT COUNT(*) FROM outbox_failures) AS failed;
END;

CREATE PROCEDURE `OverdueMemberships`(IN in_before DATETIME(3), IN in_limit INT)
BEGIN
  SELECT user_id FROM membership_waiting WHERE received_at <= in_before GROUP BY user_id ORDER BY MIN(received_at) LIMIT in_limit;
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
                                   OR o.code IS NULL OR o.code NOT IN ('grant', 'adjust', 'refund', 'purchase') THEN 'invalid'
                              WHEN p.id IS NOT NULL THEN CASE WHEN p.request_hash = o.request_hash THEN 'replayed' ELSE 'idempotency_key_reused' END
                              WHEN t.id IS NOT NULL THEN 'in_ledger'
                              WHEN COALESCE(o.amount, 0) = 0 OR o.ends_at IS NULL OR o.ends_at <= in_now THEN 'invalid' END AS verdict
                    FROM w_op o
                    LEFT JOIN w_account a ON a.user_id = o.user_id
                    LEFT JOIN credit_approvals p ON p.user_id = a.user_id AND p.operation = o.code AND p.request_key = o.request_key
                    LEFT JOIN credit_transactions t ON t.user_id = a.user_id AND t.operation = o.code AND t.request_key = o.request_key) known
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
    LEFT JOIN credit_transactions t ON t.user_id = a.user_id AND t.operation = 'purchase' AND t.request_key = o.request_key
    LEFT JOIN package_purchases b ON b.payment_reference = o.reference
    LEFT JOIN credit_packages k ON k.code = o.code
    LEFT JOIN membership_state m ON m.user_id = a.user_id;

  -- A key repeated in the batch is judged by the first of it.
  INSERT INTO w_judge (ord, verdict, first_ord)
  SELECT ord, CASE WHEN first_hash = request_hash THEN 'replayed' ELSE 'idempotency_key_reused' END, first_ord
    FROM (SELECT ord, request_hash, FIRST_VALUE(ord) OVER same_key AS first_ord, FIRST_VALUE(request_hash) OVER same_key AS first_hash
            FROM w_item WHERE verdict IS NULL
          WINDOW same_key AS (PARTITION BY user_id, request_key ORDER BY ord ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)) keyed
   WHERE first_ord < ord;
  UPDATE w_item i JOIN w_judge j ON j.ord = i.ord SET i.verdict = j.verdict, i.first_ord = j.first_ord;
  DELETE FROM w_judge;

  -- The unique key decides between copies that run at the same moment: the second waits here for the first to commit.
  INSERT IGNORE INTO package_purchases (payment_reference, user_id, code, claim, claim_ord, created_at)
  SELECT i.code, i.user_id, o.code, v_claim, i.ord, in_now
    FROM w_item i
    JOIN w_op o ON o.ord = i.ord
   WHERE i.verdict IS NULL
   ORDER BY i.code, i.ord;
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
  CALL LedgerPost(in_now);
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
  SELECT DISTINCT c.user_id FROM w_op o STRAIGHT_JOIN credit_transactions c ON c.id = o.target_id;
  CALL LedgerLock(in_now);
  CALL LedgerLapse(in_now);

  INSERT INTO w_item (ord, user_id, amount, request_key, request_hash, target_id, tx_version, refundable, verdict)
  SELECT o.ord, c.user_id, o.amount, o.request_key, o.request_hash, c.id, t.version,
         -- NULL: no consumption, nothing of it can be given back.
         CASE c.type WHEN 'consume' THEN
           -c.amount - COALESCE((SELECT SUM(r.amount) FROM credit_transactions r WHERE r.related_transaction_id = c.id AND r.type = 'refund'), 0) END,
         CASE WHEN o.request_key IS NULL OR o.request_hash IS NULL OR o.amount < 1 THEN 'invalid'
              WHEN c.id IS NULL OR o.user_id <> c.user_id THEN 'transaction_not_found'
              WHEN t.id IS NOT NULL THEN CASE WHEN t.request_hash = o.request_hash THEN 'replayed' ELSE 'idempotency_key_reused' END
              WHEN c.type = 'consume' AND a.due_at <= in_now THEN 'reset_due' END
    FROM w_op o
    LEFT JOIN credit_transactions c ON c.id = o.target_id
    LEFT JOIN w_account a ON a.user_id = c.user_id
    LEFT JOIN credit_transactions t ON t.user_id = c.user_id AND t.operation = 'refund' AND t.request_key = o.request_key;

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
      STRAIGHT_JOIN credit_transactions c ON c.id = e.related_id
      STRAIGHT_JOIN JSON_TABLE(c.draws, '$[*]' COLUMNS (place FOR ORDINALITY, grant_id BIGINT PATH '$.g',
               kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.k', change_by BIGINT PATH '$.c')) d
     WHERE d.change_by < 0;
  END IF;

  -- Refunds of one consumption cover its draws from the last one backward, each where the one before it stopped. ends = 1 marks shares of grants that have ended.
  INSERT INTO w_draw (seq, place, grant_id, kind, change_by, reserve, ends)
  SELECT n.ord, s.until, s.grant_id, s.kind, LEAST(n.until, s.until) - GREATEST(n.until - n.amount, s.until - s.amount), 0,
         CASE WHEN g.state IN ('ending', 'ended') OR g.expires_at <= in_now THEN 1 ELSE 0 END
    FROM (SELECT i.ord, i.target_id, i.amount,
                 -c.amount - i.refundable + SUM(i.amount) OVER (PARTITION BY i.target_id ORDER BY i.ord ROWS UNBOUNDED PRECEDING) AS until
            FROM w_item i JOIN credit_transactions c ON c.id = i.target_id
           WHERE i.verdict = 'ok') n
    JOIN (SELECT id, grant_id, kind, amount,
                 SUM(amount) OVER (PARTITION BY id ORDER BY place DESC ROWS UNBOUNDED PRECEDING) AS until
            FROM w_source) s
      ON s.id = n.target_id AND s.until > n.until - n.amount AND s.until - s.amount < n.until
    JOIN credit_grants g ON g.id = s.grant_id;

  UPDATE w_entry e JOIN (SELECT seq, SUM(change_by) AS amount FROM w_draw WHERE ends = 1 GROUP BY seq) d ON d.seq = e.seq
     SET e.new_kind = 'refund', e.new_amount = d.amount, e.new_priority = 50;
  DELETE FROM w_draw WHERE ends = 1;

  CALL LedgerPost(in_now);
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
    LEFT JOIN credit_transactions t ON t.user_id = a.user_id AND t.operation = o.code AND t.request_key = o.request_key;

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
    CALL LedgerPost(in_now);
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
    STRAIGHT_JOIN profiles p ON p.user_id = o.user_id
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
