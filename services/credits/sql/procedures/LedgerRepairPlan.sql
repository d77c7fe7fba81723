-- NAME
--   LedgerRepairPlan: works out what the locked accounts shall be, so that all that is said of them agrees again. Internal.
-- SYNOPSIS
--   CALL LedgerRepairPlan();
-- RESULT
--   w_repair, w_repair_grant and w_repair_hold with their targets; w_repair.differs = 1 where anything has to change, .restates = 1 where
--   the ledger itself is damaged, .proposal a name for the difference: it stays while the account moves on and the difference does not.
-- WHAT IS TAKEN FOR TRUE (docs/adr/0053)
--   the balance    the opening balance of the newest row that restates, and the amounts of the rows since (the draws of a row, where
--                  neither they nor the next row bear its amount out). Where rows are missing, what the rows around the gap say that they
--                  moved. Where the newest are missing, what account and grants say, if both say the same. Credits given back more than
--                  once are taken off, as far as they are there and not held.
--   each grant     Σ of the account's own draws from it; where rows or grants are missing, the table of grants, if its sum is the
--                  balance. What is too much goes from free credits in the order of spending; what is too little becomes a new grant.
--   each hold      open from its hold row to the row that ends it. One that does not add up, or that is not covered any more, is ended.
--   the rest       held, reserved and the allowance are sums of these; the status is that of the newest row.
CREATE PROCEDURE LedgerRepairPlan()
BEGIN
  SET SESSION group_concat_max_len = 4194304;
  UPDATE w_repair_grant x JOIN w_repair r ON r.user_id = x.user_id SET x.base = r.base;
  UPDATE w_repair r
    JOIN (SELECT user_id, SUM(remaining) AS grants, SUM(reserved) AS reserved,
                 SUM(CASE WHEN owned = 0 AND (newest > base OR drawn <> 0 OR drawn_reserved <> 0) THEN 1 ELSE 0 END) AS strange
            FROM w_repair_grant GROUP BY user_id) g ON g.user_id = r.user_id
     SET r.grants = g.grants, r.reserved = g.reserved, r.strange = g.strange;
  UPDATE w_repair r JOIN w_repair_refund f ON f.user_id = r.user_id SET r.excess = f.excess;
  UPDATE w_repair r JOIN w_repair_misread m ON m.user_id = r.user_id SET r.misread = m.misread;

  UPDATE w_repair SET tail = CASE WHEN version > newest AND grants = balance THEN 1 ELSE 0 END;
  UPDATE w_repair
     SET told = CASE tail WHEN 1 THEN balance ELSE last_balance END,
         told_held = CASE tail WHEN 1 THEN held ELSE last_held END,
         -- Of two that disagree and no row to tell, the one that lets nothing happen.
         target_status = CASE WHEN tail = 1 AND 'frozen' IN (status, last_status) THEN 'frozen' ELSE last_status END,
         accounted = GREATEST(0, amounts - misread + jumps + CASE tail WHEN 1 THEN balance - last_balance ELSE 0 END);
  UPDATE w_repair SET witness = CASE WHEN (gaps > 0 OR tail = 1 OR strange > 0) AND grants = accounted THEN 1 ELSE 0 END;

  -- Which holds keep what they say. Where rows are missing, the one that ended it may be among them.
  UPDATE w_repair_hold x JOIN w_repair r ON r.user_id = x.user_id
     SET x.opened = 0
   WHERE x.opened = 1 AND x.status <> 'open' AND (r.gaps > 0 OR r.tail = 1);
  UPDATE w_repair_hold x
    JOIN (SELECT p.user_id, p.hold_id, SUM(p.amount) AS amount, MIN(COALESCE(g.owned, 0)) AS owned
            FROM w_repair_part p
            LEFT JOIN w_repair_grant g ON g.user_id = p.user_id AND g.grant_id = p.grant_id
           GROUP BY p.user_id, p.hold_id) q ON q.user_id = x.user_id AND q.hold_id = x.hold_id
     SET x.formed = 1
   WHERE x.opened = 1 AND q.owned = 1 AND q.amount = x.hold_amount;
  DELETE p FROM w_repair_part p JOIN w_repair_hold x ON x.user_id = p.user_id AND x.hold_id = p.hold_id WHERE x.formed = 0;
  UPDATE w_repair r JOIN (SELECT user_id, SUM(CASE status WHEN 'open' THEN amount ELSE 0 END) AS holds, SUM(CASE formed WHEN 1 THEN hold_amount ELSE 0 END) AS kept
                            FROM w_repair_hold GROUP BY user_id) h ON h.user_id = r.user_id
     SET r.holds = h.holds, r.target_held = h.kept;
  UPDATE w_repair SET target = accounted - LEAST(excess, GREATEST(accounted - target_held, 0));

  -- What is left of each grant.
  UPDATE w_repair_grant x JOIN (SELECT user_id, grant_id, SUM(amount) AS amount FROM w_repair_part GROUP BY user_id, grant_id) p
         ON p.user_id = x.user_id AND p.grant_id = x.grant_id
     SET x.wished = p.amount;
  UPDATE w_repair_grant x JOIN w_repair r ON r.user_id = x.user_id
     SET x.basis = CASE WHEN x.owned = 0 THEN 0 WHEN r.witness = 1 THEN x.remaining ELSE GREATEST(x.drawn, 0) END;
  UPDATE w_repair r JOIN (SELECT user_id, SUM(basis) AS basis FROM w_repair_grant GROUP BY user_id) g ON g.user_id = r.user_id SET r.basis = g.basis;
  UPDATE w_repair SET fresh_amount = GREATEST(target - basis, 0);
  INSERT INTO w_repair_taken (user_id, grant_id, amount)
  SELECT user_id, grant_id, LEAST(free, GREATEST(take - (free_until - free), 0)) + LEAST(kept, GREATEST(take - free_all - (kept_until - kept), 0))
    FROM (SELECT user_id, grant_id, take, free, kept, SUM(free) OVER (PARTITION BY user_id) AS free_all,
                 SUM(free) OVER drawn_in_order AS free_until, SUM(kept) OVER drawn_in_order AS kept_until
            FROM (SELECT g.user_id, g.grant_id, g.priority, g.expires_at, g.origin_version AS since, r.basis - r.target AS take, GREATEST(g.basis - g.wished, 0) AS free, LEAST(g.basis, g.wished) AS kept
                    FROM w_repair r JOIN w_repair_grant g ON g.user_id = r.user_id
                   WHERE r.basis > r.target AND g.basis > 0) parted
          WINDOW drawn_in_order AS (PARTITION BY user_id ORDER BY priority, expires_at IS NULL, expires_at, since, grant_id ROWS UNBOUNDED PRECEDING)) placed;
  UPDATE w_repair_grant SET target = basis;
  UPDATE w_repair_grant x JOIN w_repair_taken t ON t.user_id = x.user_id AND t.grant_id = x.grant_id SET x.target = x.basis - t.amount;

  -- Holds that are not covered end, the newest first.
  UPDATE w_repair_hold SET kept = formed;
  UPDATE w_repair_hold x
    JOIN (SELECT user_id, hold_id, MAX(CASE WHEN until > target THEN 1 ELSE 0 END) AS lacks
            FROM (SELECT p.user_id, p.hold_id, g.target, SUM(p.amount) OVER (PARTITION BY p.user_id, p.grant_id ORDER BY p.hold_id ROWS UNBOUNDED PRECEDING) AS until
                    FROM w_repair_part p JOIN w_repair_grant g ON g.user_id = p.user_id AND g.grant_id = p.grant_id) placed
           GROUP BY user_id, hold_id) q ON q.user_id = x.user_id AND q.hold_id = x.hold_id
     SET x.kept = 0
   WHERE q.lacks = 1;
  UPDATE w_repair_grant x
    JOIN (SELECT p.user_id, p.grant_id, SUM(p.amount) AS amount
            FROM w_repair_part p JOIN w_repair_hold h ON h.user_id = p.user_id AND h.hold_id = p.hold_id
           WHERE h.kept = 1 GROUP BY p.user_id, p.grant_id) q ON q.user_id = x.user_id AND q.grant_id = x.grant_id
     SET x.target_reserved = q.amount;
  UPDATE w_repair_hold
     SET action = CASE WHEN kept = 1 AND status IS NULL THEN 'restored'
                       WHEN kept = 1 AND status <> 'open' THEN 'reopened'
                       WHEN kept = 1 AND amount <> hold_amount THEN 'reopened'
                       WHEN kept = 1 THEN NULL
                       WHEN ended_by IS NOT NULL AND status = 'open' THEN 'closed'
                       WHEN status = 'open' OR opened = 1 THEN 'released' END;
  UPDATE w_repair_grant
     SET target_state = CASE WHEN target = 0 THEN CASE WHEN state IN ('ended', 'ending') THEN 'ended' ELSE 'spent' END
                             WHEN state IN ('open', 'ending') THEN state
                             -- What lapsed once may not be spent again.
                             WHEN state = 'ended' AND lapsed = 1 THEN 'ending' ELSE 'open' END;

  UPDATE w_repair r
    JOIN (SELECT user_id, SUM(CASE kind WHEN 'allowance' THEN owned * target ELSE 0 END) AS allowance, SUM(target - drawn) AS drawn, SUM(target_reserved - drawn_reserved) AS drawn_reserved,
                 SUM(CASE kind WHEN 'allowance' THEN target - drawn ELSE 0 END) AS drawn_allowance,
                 SUM(CASE WHEN target <> drawn OR target_reserved <> drawn_reserved THEN 1 ELSE 0 END) AS lacking,
                 SUM(CASE WHEN owned = 1 AND (target <> remaining OR target_reserved <> reserved OR target_state <> state) THEN 1 ELSE 0 END) AS changes,
                 GROUP_CONCAT(CASE WHEN owned = 1 AND (target <> remaining OR target_reserved <> reserved OR target_state <> state)
                                   THEN CONCAT(grant_id, ':', target - remaining, ':', target_reserved - reserved, ':', state, ':', target_state) END
                              ORDER BY grant_id SEPARATOR ',') AS words
            FROM w_repair_grant GROUP BY user_id) g ON g.user_id = r.user_id
     SET r.target_allowance = g.allowance, r.drawn = g.drawn, r.drawn_reserved = g.drawn_reserved, r.drawn_allowance = g.drawn_allowance, r.lacking = g.lacking,
         r.grant_changes = g.changes, r.grant_words = g.words;
  UPDATE w_repair r
    JOIN (SELECT user_id, SUM(CASE kept WHEN 1 THEN hold_amount ELSE 0 END) AS held, SUM(action IS NOT NULL) AS changes,
                 GROUP_CONCAT(CONCAT(hold_id, ':', action) ORDER BY hold_id SEPARATOR ',') AS words
            FROM w_repair_hold GROUP BY user_id) h ON h.user_id = r.user_id
     SET r.target_held = h.held, r.hold_changes = h.changes, r.hold_words = h.words;

  UPDATE w_repair
     SET restates = CASE WHEN breaks > 0 OR gaps > 0 OR version > newest OR strange > 0 OR excess > 0 OR misread <> 0 OR lacking > 0 OR fresh_amount > 0
                              OR target <> told OR target_held <> told_held THEN 1 ELSE 0 END;
  UPDATE w_repair
     SET differs = CASE WHEN restates = 1 OR version <> newest OR balance <> target OR held <> target_held OR status <> target_status OR allowance <> target_allowance
                             OR grant_changes > 0 OR hold_changes > 0 THEN 1 ELSE 0 END,
         -- Differences, not figures: spending moves all sides alike.
         proposal = LEFT(SHA2(CONCAT_WS('|', user_id, base, version - newest, balance - target, held - target_held, status, target_status, allowance - target_allowance,
                                        target - told, target_held - told_held, breaks, gaps, strange, excess, misread, fresh_amount, COALESCE(grant_words, ''), COALESCE(hold_words, '')), 256), 32);
END
