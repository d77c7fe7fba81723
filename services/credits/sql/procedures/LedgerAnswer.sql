-- NAME
--   LedgerAnswer: the result set of every writing procedure. Internal.
-- RETURNS
--   One row an operation, in order: ord, outcome, required, available, refundable; a_* the account (for done ones as its ledger row says, else as it
--   is now; NULL when there is none); t_* what the ledger row that answers it says beyond that (NULL for refused ones).
CREATE PROCEDURE LedgerAnswer()
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
END
