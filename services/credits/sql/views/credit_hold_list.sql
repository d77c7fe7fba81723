-- Holds, with the consume row of captured ones. A hold past expires_at counts as expired before the sweep came (the reader judges).
CREATE VIEW credit_hold_list AS
SELECT h.id, h.user_id, h.amount, h.captured, h.status, h.expires_at, h.created_at, h.ended_at,
       h.reason, h.feature, h.actor,
       CASE WHEN h.status = 'captured' THEN e.id END AS capture_transaction_id
  FROM credit_holds h
  LEFT JOIN credit_transactions e ON e.user_id = h.user_id AND e.version = h.end_version
