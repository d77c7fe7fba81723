-- NAME
--   GetAccounts: accounts with their open grants in the order of spending, for reading.
-- SYNOPSIS
--   CALL GetAccounts(in_now, in_user_ids);
-- PARAMETERS
--   in_now       the moment, UTC
--   in_user_ids  array of at most 500 user ids
-- RETURNS
--   A row an existing account, by user_id: its figures, tier, monthly_credits, allowance_remaining, next_reset_at, low_threshold, grants (JSON), created_at;
--   lapse_due = 1: TouchAccounts first for the truth at in_now; reset_due = 1: the allowance has to be planned.
-- ERRORS
--   None of its own.
-- LOCKS
--   None. One statement, so everything is of one moment.
-- EXAMPLE
--   CALL GetAccounts(UTC_TIMESTAMP(3), '["alice"]');
CREATE PROCEDURE GetAccounts(IN in_now DATETIME(3), IN in_user_ids JSON)
BEGIN
  SET SESSION group_concat_max_len = 4194304;
  CALL LedgerBegin();
  CALL LedgerUsers(in_user_ids);
  SELECT a.user_id, a.version, a.balance, a.held, a.status, a.tier, a.monthly_credits, a.allowance_remaining, a.next_reset_at, a.created_at,
         COALESCE(a.low_threshold, FLOOR(COALESCE(a.monthly_credits, 0) / 10)) AS low_threshold,
         CASE WHEN a.lapse_at <= in_now THEN 1 ELSE 0 END AS lapse_due, CASE WHEN a.due_at <= in_now THEN 1 ELSE 0 END AS reset_due,
         (SELECT CONCAT('[', COALESCE(GROUP_CONCAT('{"id":"', g.id, '","kind":"', g.kind, '","amount":', g.amount, ',"remaining":', g.remaining, ',"reserved":', g.reserved,
                                                   ',"priority":', g.priority, ',"expiresAt":', COALESCE(CONCAT('"', g.expires_at, '"'), 'null'), ',"createdAt":"', g.created_at, '"}'
                                                   ORDER BY g.priority, g.expires_at IS NULL, g.expires_at, GREATEST(g.origin_version, g.renewed_version) SEPARATOR ','), ''), ']')
            FROM credit_grants g WHERE g.user_id = a.user_id AND g.state IN ('open', 'ending')) AS grants
    FROM w_user named
    STRAIGHT_JOIN profiles a FORCE INDEX (PRIMARY) ON a.user_id = named.user_id
   ORDER BY a.user_id;
END
