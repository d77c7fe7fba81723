-- NAME
--   ListTransactions: a page of an account's ledger, newest first.
-- SYNOPSIS
--   CALL ListTransactions(in_user_id, in_types, in_from, in_to, in_before_version, in_limit);
-- PARAMETERS
--   in_user_id         the account
--   in_types           JSON array of types, or NULL for all
--   in_from, in_to     created_at from (inclusive) and to (exclusive), or NULL
--   in_before_version  rows with a version below it, or NULL for the newest: the cursor stays right while rows are added
--   in_limit           1–1,000
-- RETURNS
--   The columns of credit_transaction_list.
-- ERRORS
--   None of its own.
-- LOCKS
--   None.
-- EXAMPLE
--   CALL ListTransactions('alice', '["consume", "refund"]', NULL, NULL, NULL, 20);
CREATE PROCEDURE ListTransactions(IN in_user_id VARCHAR(128) CHARACTER SET ascii, IN in_types JSON, IN in_from DATETIME(3), IN in_to DATETIME(3),
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
END
