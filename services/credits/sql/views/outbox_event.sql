-- The events as the relay publishes them, in place of the platform's view. An event CreditsChanged is told from its row of
-- credit_transactions, which never changes: written once, not twice, and built when it is sent, not while an account is locked.
-- A row with entries tells the rows of one call; those of older versions tell one, by ledger_version, or all of it in their payload.
-- proto3 JSON of the message, as text: MariaDB would quote a JSON_OBJECT inside a CASE.
CREATE VIEW outbox_event AS
SELECT o.id, COALESCE(e.place, 1) AS place, CASE WHEN e.place IS NULL THEN o.event_id ELSE CONCAT(o.event_id, '-', e.place) END AS event_id,
       o.topic, o.type, COALESCE(e.user_id, o.subject) AS subject,
       CASE WHEN e.place IS NULL THEN o.occurred_at ELSE COALESCE(t.created_at, o.occurred_at) END AS occurred_at,
       COALESCE(o.traceparent, t.traceparent) AS traceparent, o.published_at,
       CASE WHEN o.ledger_version IS NULL AND e.place IS NULL THEN CONVERT(o.payload USING utf8mb4)
            ELSE CONCAT('{"userId":"', t.user_id, '","version":"', t.version, '","balance":"', t.balance_after, '","held":"', t.held_after,
                        '","available":"', t.balance_after - t.held_after,
                        '","status":"', CASE t.status_after WHEN 'frozen' THEN 'ACCOUNT_STATUS_FROZEN' ELSE 'ACCOUNT_STATUS_ACTIVE' END,
                        '","transaction":{"id":"', t.id, '","type":"', t.type, '","amount":"', t.amount,
                        '","balanceBefore":"', t.balance_before, '","balanceAfter":"', t.balance_after, '","heldAfter":"', t.held_after,
                        '","reason":', JSON_QUOTE(t.reason), ',"feature":', COALESCE(JSON_QUOTE(t.feature), '""'),
                        ',"relatedId":"', COALESCE(t.hold_id, t.related_transaction_id, ''), '","actor":', JSON_QUOTE(t.actor),
                        ',"heldChange":"', t.held_change, '","grantKind":"', COALESCE(t.grant_kind, ''),
                        '","createdAt":"', REPLACE(t.created_at, ' ', 'T'), 'Z"',
                        CASE WHEN t.period_start IS NULL THEN '' ELSE CONCAT(',"periodStart":"', REPLACE(t.period_start, ' ', 'T'), 'Z"') END, '}',
                        CASE WHEN e.tier IS NOT NULL
                             THEN CONCAT(',"allowance":{"tier":', JSON_QUOTE(e.tier), ',"monthlyCredits":"', e.monthly_credits, '","remaining":"', e.remaining, '"',
                                         CASE WHEN e.next_reset_at IS NULL THEN '' ELSE CONCAT(',"nextResetAt":"', REPLACE(e.next_reset_at, ' ', 'T'), 'Z"') END, '}')
                             WHEN JSON_LENGTH(o.payload) = 0 THEN '' ELSE CONCAT(',"allowance":', CONVERT(o.payload USING utf8mb4)) END, '}')
       END AS payload
  FROM outbox o
  LEFT JOIN JSON_TABLE(o.entries, '$[*]' COLUMNS (
         place FOR ORDINALITY,
         user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$[0]',
         version BIGINT PATH '$[1]',
         tier VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$[2]',
         monthly_credits BIGINT PATH '$[3]',
         remaining BIGINT PATH '$[4]',
         next_reset_at VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$[5]')) e ON TRUE
  LEFT JOIN credit_transactions t FORCE INDEX (credit_transactions_version)
            ON t.user_id = COALESCE(e.user_id, o.subject) AND t.version = COALESCE(e.version, o.ledger_version)
