-- NAME
--   RepairAccounts: makes everything that is said of an account agree again, and writes a ledger row that says so. No row is ever edited.
-- SYNOPSIS
--   CALL RepairAccounts(in_now, in_operations);
-- PARAMETERS
--   in_now         the moment, UTC
--   in_operations  array of at most 100, each account once: {userId, code (the proposal of PlanRepairs that shall be carried out), requestKey, requestHash, actor, reason,
--                  metadata?, traceparent?, audit?}
-- RETURNS
--   A row an operation (LedgerAnswer). Outcomes: ok; replayed; idempotency_key_reused; nothing_to_repair; proposal_outdated (something else differs by now);
--   invalid.
-- WHAT IS DONE
--   The account, its grants and its holds are set to what LedgerRepairPlan works out. One row of type `adjust` tells of it; its metadata has the
--   figures before and after, and what was changed:
--     operation `repair`   the ledger is whole: amount 0, no draws; everything else was worked out from it again.
--     operation `restate`  the ledger itself is damaged. The row begins with what the customer was told last (balance_before) and ends with what
--                          the account has from now on; amount is the difference, for the customer to see. Its draws are what the draws
--                          before it lack, so that all draws of a grant add up to what remains; what no grant can be named for is
--                          drawn from grant 0. CheckCreditsSync takes such a row for an opening balance: what lies before it is dealt with.
--   What no grant holds opens an `adjustment` grant in the same row. The version goes on above every version that was ever told.
-- ERRORS
--   1213, 1205 as every locking statement: roll back and try again. 3819 (MySQL), 4025 (MariaDB): a CHECK refuses an impossible figure; a defect.
-- LOCKS
--   The accounts, in primary-key order.
-- EXAMPLE
--   CALL RepairAccounts(UTC_TIMESTAMP(3), '[{"userId": "bob", "code": "5f1c…", "requestKey": "k1", "requestHash": "h1", "actor": "root", "reason": "a grant was edited by hand"}]');
CREATE PROCEDURE RepairAccounts(IN in_now DATETIME(3), IN in_operations JSON)
BEGIN
  CALL LedgerBegin();
  CALL LedgerRead(in_operations);
  CALL LedgerLock(in_now);
  -- Nothing lapses before: on figures that do not add up, the ledger refuses to post.
  CALL LedgerRepairRead();
  CALL LedgerRepairPlan();
  CALL LedgerRepairWords();

  INSERT INTO w_item (ord, user_id, request_key, request_hash, tx_version, verdict)
  SELECT o.ord, r.user_id, o.request_key, o.request_hash, t.version,
         CASE WHEN r.user_id IS NULL OR o.turn > 1 OR o.request_key IS NULL OR o.request_hash IS NULL OR o.code IS NULL OR o.actor IS NULL OR COALESCE(o.reason, '') = '' THEN 'invalid'
              WHEN t.id IS NOT NULL THEN CASE WHEN t.request_hash = o.request_hash THEN 'replayed' ELSE 'idempotency_key_reused' END
              WHEN r.differs = 0 THEN 'nothing_to_repair'
              WHEN o.code <> r.proposal THEN 'proposal_outdated'
              ELSE 'ok' END
    FROM (SELECT ord, user_id, code, request_key, request_hash, actor, reason, ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY ord) AS turn FROM w_op) o
    LEFT JOIN w_repair r ON r.user_id = o.user_id
    LEFT JOIN credit_transactions t FORCE INDEX (credit_transactions_request) ON t.user_id = r.user_id AND t.operation IN ('repair', 'restate') AND t.request_key = o.request_key;
  DELETE r FROM w_repair r LEFT JOIN w_item i ON i.user_id = r.user_id AND i.verdict = 'ok' WHERE i.ord IS NULL;
  DELETE x FROM w_repair_grant x LEFT JOIN w_repair r ON r.user_id = x.user_id WHERE r.user_id IS NULL;
  DELETE x FROM w_repair_hold x LEFT JOIN w_repair r ON r.user_id = x.user_id WHERE r.user_id IS NULL;

  UPDATE w_repair_grant x STRAIGHT_JOIN credit_grants g FORCE INDEX (PRIMARY) ON g.id = x.grant_id
     SET g.remaining = x.target, g.reserved = x.target_reserved, g.state = x.target_state
   WHERE x.owned = 1;
  -- A hold whose row is gone is written again as one that ends now: when it would have ended stood in that row alone.
  INSERT INTO credit_holds (id, user_id, origin_version, status, amount, expires_at, reason, feature, metadata, actor, created_at)
  SELECT x.hold_id, x.user_id, x.hold_version, 'open', x.hold_amount, in_now, t.reason, t.feature, t.metadata, t.actor, t.created_at
    FROM w_repair_hold x JOIN credit_transactions t FORCE INDEX (credit_transactions_version) ON t.user_id = x.user_id AND t.version = x.hold_version
   WHERE x.action = 'restored';
  UPDATE w_repair_hold x STRAIGHT_JOIN credit_holds h FORCE INDEX (PRIMARY) ON h.id = x.hold_id
     SET h.status = 'open', h.amount = x.hold_amount, h.captured = 0, h.ended_at = NULL, h.end_version = NULL
   WHERE x.action = 'reopened' AND h.user_id = x.user_id;
  UPDATE w_repair_hold x
    STRAIGHT_JOIN credit_transactions t FORCE INDEX (credit_transactions_version) ON t.user_id = x.user_id AND t.version = x.ended_by
    STRAIGHT_JOIN credit_holds h FORCE INDEX (PRIMARY) ON h.id = x.hold_id
     SET h.status = CASE WHEN t.type = 'consume' THEN 'captured' WHEN t.operation = 'expire' THEN 'expired' ELSE 'released' END,
         h.captured = LEAST(h.amount, -t.amount), h.ended_at = t.created_at, h.end_version = t.version
   WHERE x.action = 'closed' AND h.user_id = x.user_id;
  UPDATE w_repair_hold x
    STRAIGHT_JOIN w_repair r ON r.user_id = x.user_id
    STRAIGHT_JOIN credit_holds h FORCE INDEX (PRIMARY) ON h.id = x.hold_id
     SET h.status = 'released', h.captured = 0, h.ended_at = in_now, h.end_version = GREATEST(r.version, r.newest) + 1
   WHERE x.action = 'released' AND h.user_id = x.user_id;

  -- What the customer was told last is where the row begins. When grants and holds end has to be looked at anew.
  UPDATE w_account a JOIN w_repair r ON r.user_id = a.user_id
     SET a.version = GREATEST(r.version, r.newest), a.balance = r.told, a.held = r.told_held, a.status = r.target_status,
         a.allowance_remaining = r.target_allowance - r.drawn_allowance;
  UPDATE w_repair r STRAIGHT_JOIN profiles p FORCE INDEX (PRIMARY) ON p.user_id = r.user_id SET p.lapse_at = in_now;

  INSERT INTO w_entry (seq, ord, user_id, type, amount, held_change, new_kind, new_amount, new_priority, operation)
  SELECT i.ord, i.ord, r.user_id, 'adjust', r.target - r.told, r.target_held - r.told_held,
         CASE WHEN r.fresh_amount > 0 THEN 'adjustment' END, CASE WHEN r.fresh_amount > 0 THEN r.fresh_amount END, 50, CASE r.restates WHEN 1 THEN 'restate' ELSE 'repair' END
    FROM w_item i JOIN w_repair r ON r.user_id = i.user_id
   WHERE i.verdict = 'ok';
  -- fresh = 2: the grants are set already.
  INSERT INTO w_draw (seq, place, grant_id, kind, change_by, reserve, fresh)
  SELECT i.ord, x.grant_id, x.grant_id, COALESCE(x.kind, ''), x.target - x.drawn, x.target_reserved - x.drawn_reserved, 2
    FROM w_item i JOIN w_repair_grant x ON x.user_id = i.user_id
   WHERE i.verdict = 'ok' AND (x.target <> x.drawn OR x.target_reserved <> x.drawn_reserved);
  INSERT INTO w_draw (seq, place, grant_id, kind, change_by, reserve, fresh)
  SELECT i.ord, 0, 0, '', r.target - r.told - r.drawn - r.fresh_amount, r.target_held - r.told_held - r.drawn_reserved, 2
    FROM w_item i JOIN w_repair r ON r.user_id = i.user_id
   WHERE i.verdict = 'ok' AND (r.target - r.told <> r.drawn + r.fresh_amount OR r.target_held - r.told_held <> r.drawn_reserved);

  -- Built as text, as every JSON here: MariaDB would quote one inside another.
  DELETE d FROM w_doc d LEFT JOIN w_op o ON o.ord = d.ord AND o.has_metadata = 1 WHERE o.ord IS NULL;
  INSERT INTO w_doc (ord, doc)
  SELECT i.ord, CONCAT('{"repair":{"proposal":"', r.proposal, '","restates":', CASE r.restates WHEN 1 THEN 'true' ELSE 'false' END,
                       ',"found":{"version":', r.version, ',"balance":', r.balance, ',"held":', r.held, ',"status":"', r.status, '","allowance":', r.allowance,
                       ',"grants":', r.grants, ',"reserved":', r.reserved, ',"holds":', r.holds,
                       '},"told":{"version":', r.newest, ',"balance":', r.told, ',"held":', r.told_held, ',"status":"', r.last_status,
                       '"},"after":{"balance":', r.target, ',"held":', r.target_held, ',"status":"', r.target_status, '","allowance":', r.target_allowance,
                       '},"newGrant":', r.fresh_amount, ',"takenBack":', r.accounted - r.target, ',"grantsChanged":', r.grant_changes, ',"grants":', r.grant_words,
                       ',"holdsChanged":', r.hold_changes, ',"holds":', r.hold_words, '}}')
    FROM w_item i JOIN w_repair r ON r.user_id = i.user_id
   WHERE i.verdict = 'ok'
      ON DUPLICATE KEY UPDATE doc = JSON_MERGE_PATCH(w_doc.doc, VALUES(doc));
  UPDATE w_op o JOIN w_item i ON i.ord = o.ord SET o.has_metadata = 1 WHERE i.verdict = 'ok';

  CALL LedgerBook(in_now);
  CALL LedgerAudit(in_now, in_operations);
  CALL LedgerAnswer();
END
