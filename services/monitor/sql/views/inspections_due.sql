-- Accounts whose membership has to be looked at, and when.
CREATE VIEW inspections_due AS
SELECT user_id, inspect_at FROM accounts WHERE inspect_at IS NOT NULL
