-- NAME
--   ApplyMembership: keeps the newest copy of memberships as their events tell it, whatever order or number they arrive in.
-- SYNOPSIS
--   CALL ApplyMembership(in_now, in_operations);
-- PARAMETERS
--   in_now         the moment, UTC
--   in_operations  array of at most 1,000 {userId, version, state (JSON or null), activeUntil (DATETIME or null = not a member)}
-- RETURNS
--   A row an operation: ord, outcome (applied, ignored), and what is now current of the account, as ClaimAccounts. The highest version wins; due_at becomes
--   in_now when a copy was applied, so that an allowance nobody planned after it is made up for when the account is next touched.
-- ERRORS
--   1213, 1205 as every locking statement: roll back and try again. 3819 (MySQL), 4025 (MariaDB): a CHECK refuses an impossible figure; a defect.
-- LOCKS
--   The accounts, in primary-key order.
-- EXAMPLE
--   CALL ApplyMembership(UTC_TIMESTAMP(3), '[{"userId": "alice", "version": 1, "state": {"tier": "pro"}, "activeUntil": "9999-12-31 00:00:00.000"}]');
CREATE PROCEDURE ApplyMembership(IN in_now DATETIME(3), IN in_operations JSON)
BEGIN
  CALL LedgerBegin();
  INSERT INTO w_op (ord, user_id, membership_version, ends_at)
  SELECT ord, user_id, version, active_until
    FROM JSON_TABLE(in_operations, '$[*]' COLUMNS (
           ord FOR ORDINALITY,
           user_id VARCHAR(129) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           version BIGINT PATH '$.version',
           active_until DATETIME(3) PATH '$.activeUntil')) o;
  DELETE FROM w_doc;
  INSERT INTO w_doc (ord, doc)
  SELECT ord, doc FROM JSON_TABLE(in_operations, '$[*]' COLUMNS (ord FOR ORDINALITY, doc JSON PATH '$.state')) o;
  INSERT INTO w_user (user_id) SELECT DISTINCT user_id FROM w_op WHERE CHAR_LENGTH(user_id) BETWEEN 1 AND 128;
  CALL LedgerLock(in_now);

  -- `applied` is the highest version of each account in the batch, when it is above the stored one.
  INSERT INTO w_item (ord, user_id, target_id, ends_at, verdict)
  SELECT ord, user_id, version, active_until,
         CASE WHEN version > kept_version AND ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY version DESC, ord) = 1 THEN 'applied' ELSE 'ignored' END
    FROM (SELECT o.ord, a.user_id, o.membership_version AS version, o.ends_at AS active_until, COALESCE(m.version, 0) AS kept_version
            FROM w_op o
            JOIN w_account a ON a.user_id = o.user_id
            LEFT JOIN membership_state m FORCE INDEX (PRIMARY) ON m.user_id = a.user_id) named;

  INSERT INTO membership_state (user_id, version, state, active_until, received_at)
  SELECT i.user_id, i.target_id, o.doc, i.ends_at, in_now
    FROM w_item i
    JOIN w_doc o ON o.ord = i.ord
   WHERE i.verdict = 'applied'
   ORDER BY i.user_id
      ON DUPLICATE KEY UPDATE version = VALUES(version), state = VALUES(state), active_until = VALUES(active_until), received_at = VALUES(received_at);
  UPDATE w_item i STRAIGHT_JOIN profiles p FORCE INDEX (PRIMARY) ON p.user_id = i.user_id SET p.due_at = in_now WHERE i.verdict = 'applied';
  UPDATE w_account a STRAIGHT_JOIN profiles p FORCE INDEX (PRIMARY) ON p.user_id = a.user_id SET a.due_at = p.due_at;

  SELECT i.ord, i.verdict AS outcome, a.user_id, m.version AS membership_version, m.state AS membership_state, a.served_start, a.served_end,
         a.served_given, a.allowance_remaining, a.due_at, a.status
    FROM w_item i
    JOIN w_account a ON a.user_id = i.user_id
    LEFT JOIN membership_state m FORCE INDEX (PRIMARY) ON m.user_id = a.user_id
   ORDER BY i.ord;
END
