-- Accounts of which some versions never came.
CREATE VIEW account_gaps AS
SELECT user_id, version, missing, gap_since FROM accounts WHERE gap_since IS NOT NULL
