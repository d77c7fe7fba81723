-- Proposals and what became of them; transaction_id is the ledger row of an approved one. Filter by id, status or user_id.
CREATE VIEW credit_approval_list AS
SELECT p.id, p.user_id, p.operation, p.amount, p.request, p.request_key, p.request_hash, p.reason, p.proposed_by, p.proposed_at, p.expires_at,
       p.status, p.decided_by, p.decided_at, p.decision_reason, t.id AS transaction_id
  FROM credit_approvals p
  LEFT JOIN credit_transactions t
    ON p.status = 'approved' AND t.user_id = p.user_id AND t.request_key = p.request_key
   -- A repair of a damaged ledger has a name of its own there.
   AND t.operation IN (p.operation, CASE p.operation WHEN 'repair' THEN 'restate' ELSE p.operation END)
