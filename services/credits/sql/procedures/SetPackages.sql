-- NAME
--   SetPackages: creates or changes packages of the catalogue; credits already bought keep what they were bought with.
-- SYNOPSIS
--   CALL SetPackages(in_now, in_operations);
-- PARAMETERS
--   in_now         the moment, UTC
--   in_operations  array of at most 100, each code once: {code, name, credits, priceMinor, currency, validDays?, priority, requiresMembership, active, expectedVersion? (0 = must be new),
--                  actor, traceparent?, audit?}
-- RETURNS
--   A row an operation: ord, outcome (ok, unchanged, version_conflict, invalid) and the package as it is now.
-- ERRORS
--   1213, 1205 as every locking statement: roll back and try again. 3819 (MySQL), 4025 (MariaDB): a CHECK refuses an impossible figure; a defect.
-- LOCKS
--   The packages, in the order of their codes.
-- EXAMPLE
--   CALL SetPackages(UTC_TIMESTAMP(3), '[{"code": "pack-50", "name": "50 credits", "credits": 50, "priceMinor": 300, "currency": "USD", "priority": 50, "requiresMembership": true, "active": true, "actor": "root"}]');
CREATE PROCEDURE SetPackages(IN in_now DATETIME(3), IN in_operations JSON)
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
END
