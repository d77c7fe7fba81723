-- How many accounts were compared, and with what result.
CREATE VIEW consistency_summary AS
SELECT result, COUNT(*) AS accounts, MIN(checked_at) AS oldest_check_at, MIN(lagging_since) AS lagging_since
FROM account_checks GROUP BY result
