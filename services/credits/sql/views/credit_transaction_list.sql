-- The whole ledger for reading: streams (CSV), single rows. Filter by user_id or id.
CREATE VIEW credit_transaction_list AS
SELECT id, user_id, version, type, amount, balance_before, balance_after, held_change, held_after, status_after, draws, reason, feature,
       metadata, actor, related_transaction_id, hold_id, grant_id, grant_kind, operation, request_key, period_start, traceparent, created_at
  FROM credit_transactions
