-- The accounts the events told of, in sum.
CREATE VIEW account_summary AS
SELECT COUNT(*) AS known, CAST(COALESCE(SUM(balance), 0) AS SIGNED) AS balance, CAST(COALESCE(SUM(held), 0) AS SIGNED) AS held,
       CAST(COALESCE(SUM(account_status = 'frozen'), 0) AS SIGNED) AS frozen,
       CAST(COALESCE(SUM(gap_since IS NOT NULL), 0) AS SIGNED) AS with_gaps
FROM accounts
