-- The months of yearly memberships with the ledger row that gave each.
CREATE VIEW yearly_member_credit_list AS
SELECT y.user_id, y.period_start, y.period_end, y.month, y.amount, y.status, y.given_amount, t.id AS transaction_id
  FROM yearly_member_credits y
  LEFT JOIN credit_transactions t ON t.user_id = y.user_id AND t.version = y.transaction_version
