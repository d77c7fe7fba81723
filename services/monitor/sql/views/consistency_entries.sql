-- The newest comparison of each account.
CREATE VIEW consistency_entries AS
SELECT user_id, checked_at, result, lagging_since, credits_version, credits_balance, credits_held, view_version,
       view_balance, view_held, problems, repair
FROM account_checks
