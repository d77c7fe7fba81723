-- NAME
--   LedgerDueState: what an allowance is planned from, for the locked accounts. Internal.
-- RETURNS
--   user_id, membership_version, membership_state, served_start, served_end, served_given, allowance_remaining, due_at, status; by user_id.
CREATE PROCEDURE LedgerDueState()
BEGIN
  SELECT a.user_id, m.version AS membership_version, m.state AS membership_state, a.served_start, a.served_end, a.served_given,
         a.allowance_remaining, a.due_at, a.status
    FROM w_account a
    LEFT JOIN membership_state m FORCE INDEX (PRIMARY) ON m.user_id = a.user_id
   ORDER BY a.user_id;
END
