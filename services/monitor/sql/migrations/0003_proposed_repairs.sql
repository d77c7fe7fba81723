-- What one call would do about a difference: JSON text of {action, proposal, plan}.
ALTER TABLE account_checks ADD COLUMN repair TEXT NULL;
