-- NAME
--   LockAuditChain - take the end of the chain for this transaction
-- SYNOPSIS
--   CALL LockAuditChain(in_action_ids)
-- PARAMETERS
--   in_action_ids  JSON array of strings: the actions about to be appended (at most 1,000)
-- RETURNS
--   1. one row: seq, hash of the last row (0 and 64 zeros for an empty log)
--   2. action_id of those that are already in the log; they must not be appended again
-- ERRORS
--   45000 'audit_chain_head_missing'  the head row is gone: the log must not go on as if it were new
-- LOCKS
--   the row of audit_chain_head, until the transaction ends: appends of all instances stand in one queue
-- EXAMPLE
--   CALL LockAuditChain('["0190a5c2-…"]');
CREATE PROCEDURE LockAuditChain(IN in_action_ids JSON)
  MODIFIES SQL DATA
BEGIN
  DECLARE v_seq BIGINT DEFAULT NULL;
  DECLARE v_hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL;

  SELECT seq, hash INTO v_seq, v_hash FROM audit_chain_head WHERE id = 1 FOR UPDATE;
  IF v_seq IS NULL THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'audit_chain_head_missing';
  END IF;

  SELECT v_seq AS seq, v_hash AS hash;

  SELECT known.action_id
  FROM JSON_TABLE(in_action_ids, '$[*]' COLUMNS (
         action_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$')) AS wanted
  JOIN admin_operation_logs AS known ON known.action_id = wanted.action_id;
END
