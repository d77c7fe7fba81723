-- NAME
--   KeepMemberships: lets news of memberships wait for the news before them.
-- SYNOPSIS
--   CALL KeepMemberships(in_operations);
-- PARAMETERS
--   in_operations  array of at most 1,000 {userId, version, state (JSON or null), occurredAt, receivedAt, traceparent?}, in the order of their users
-- RETURNS
--   Nothing. A version that waits already stays as it is.
-- ERRORS
--   1213, 1205 as every locking statement: roll back and try again.
-- LOCKS
--   The rows it writes. Call ClaimAccounts first, in the same transaction: what waits of an account changes only under its lock.
-- EXAMPLE
--   CALL KeepMemberships('[{"userId": "alice", "version": 3, "state": {"tier": "pro"}, "occurredAt": "2026-02-01 00:00:00.000", "receivedAt": "2026-02-01 00:00:01.000"}]');
CREATE PROCEDURE KeepMemberships(IN in_operations JSON)
BEGIN
  INSERT INTO membership_waiting (user_id, version, state, occurred_at, traceparent, received_at)
  SELECT user_id, version, state, occurred_at, traceparent, received_at
    FROM JSON_TABLE(in_operations, '$[*]' COLUMNS (
           ord FOR ORDINALITY,
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           version BIGINT PATH '$.version',
           state JSON PATH '$.state',
           occurred_at DATETIME(3) PATH '$.occurredAt',
           traceparent VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.traceparent',
           received_at DATETIME(3) PATH '$.receivedAt')) o
   ORDER BY ord
      ON DUPLICATE KEY UPDATE version = membership_waiting.version;
END
