-- A repair that changes what the customer has by much waits for a second admin, as everything else does.
ALTER TABLE credit_approvals DROP CONSTRAINT credit_approvals_operation;
ALTER TABLE credit_approvals ADD CONSTRAINT credit_approvals_operation CHECK (operation IN ('grant', 'adjust', 'refund', 'purchase', 'repair'));
