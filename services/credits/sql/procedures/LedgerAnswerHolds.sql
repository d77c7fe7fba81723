-- NAME
--   LedgerAnswerHolds: the result set of the procedures that make and end holds. Internal.
-- RETURNS
--   As LedgerAnswer, and h_* the hold as it is now (NULL when there is none).
CREATE PROCEDURE LedgerAnswerHolds()
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
END
