-- NAME
--   DecideApprovals: approves or rejects proposals. Who approves runs the operation in the same transaction, by its own procedure.
-- SYNOPSIS
--   CALL DecideApprovals(in_now, in_operations);
-- PARAMETERS
--   in_now         the moment, UTC
--   in_operations  array of at most 1,000, each proposal once: {approvalId, decision approve|reject, actor, reason, traceparent?, audit?}
-- RETURNS
--   A row an operation: ord, outcome and, where there is one, the columns of credit_approval_list as they are now. Outcomes: ok; replayed (the same person decided
--   the same before); approval_not_found; own_proposal (nobody approves their own, under whatever upper and lower case; rejecting it takes it back); approval_decided; approval_expired; invalid.
-- ERRORS
--   1213, 1205 as every locking statement: roll back and try again. 3819 (MySQL), 4025 (MariaDB): a CHECK refuses an impossible figure; a defect.
-- LOCKS
--   The accounts of the proposals, in primary-key order; they stand for the proposals too.
-- EXAMPLE
--   CALL DecideApprovals(UTC_TIMESTAMP(3), '[{"approvalId": "7", "decision": "approve", "actor": "ben", "reason": "checked the invoice"}]');
CREATE PROCEDURE DecideApprovals(IN in_now DATETIME(3), IN in_operations JSON)
BEGIN
  CALL LedgerBegin();
  INSERT INTO w_op (ord, target_id, code, actor, reason, traceparent)
  SELECT ord, approval_id, decision, actor, reason, traceparent
    FROM JSON_TABLE(in_operations, '$[*]' COLUMNS (
           ord FOR ORDINALITY,
           approval_id BIGINT PATH '$.approvalId',
           decision VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.decision',
           actor VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.actor',
           reason VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.reason',
           traceparent VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.traceparent')) o;
  -- Whose proposal it is never changes: read without a lock.
  INSERT INTO w_user (user_id)
  SELECT DISTINCT p.user_id FROM w_op o STRAIGHT_JOIN credit_approvals p ON p.id = o.target_id;
  CALL LedgerLock(in_now);

  INSERT INTO w_item (ord, user_id, target_id, code, verdict)
  SELECT o.ord, p.user_id, p.id, o.code,
         CASE WHEN o.turn > 1 OR o.target_id IS NULL OR o.actor IS NULL OR COALESCE(o.reason, '') = '' OR o.code IS NULL OR o.code NOT IN ('approve', 'reject') THEN 'invalid'
              WHEN p.id IS NULL THEN 'approval_not_found'
              -- Where names are matched without regard to case, "Ada" is nobody else than "ada".
              WHEN o.code = 'approve' AND LOWER(p.proposed_by) = LOWER(o.actor) THEN 'own_proposal'
              WHEN p.decided_by = o.actor AND p.status = CASE o.code WHEN 'approve' THEN 'approved' ELSE 'rejected' END THEN 'replayed'
              WHEN p.status <> 'pending' THEN 'approval_decided'
              WHEN p.expires_at <= in_now THEN 'approval_expired'
              ELSE 'ok' END
    FROM (SELECT ord, target_id, code, actor, reason, ROW_NUMBER() OVER (PARTITION BY target_id ORDER BY ord) AS turn FROM w_op) o
    LEFT JOIN credit_approvals p ON p.id = o.target_id;

  UPDATE w_item i
    JOIN w_op o ON o.ord = i.ord
    STRAIGHT_JOIN credit_approvals p ON p.id = i.target_id
     SET p.status = CASE i.code WHEN 'approve' THEN 'approved' ELSE 'rejected' END,
         p.decided_by = o.actor, p.decided_at = in_now, p.decision_reason = o.reason
   WHERE i.verdict = 'ok';

  CALL LedgerAuditApprovals(in_now, in_operations, 'decide');
  SELECT i.ord, i.verdict AS outcome, l.*
    FROM w_item i
    LEFT JOIN credit_approval_list l ON l.id = i.target_id
   ORDER BY i.ord;
END
