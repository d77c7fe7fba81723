-- NAME
--   LedgerRepairWords: replaces the words of the plans by what people and programs read of them. Internal.
-- SYNOPSIS
--   CALL LedgerRepairWords();
-- RESULT
--   w_repair.grant_words and .hold_words as JSON arrays of at most 20 entries each; the numbers of all of them stand beside.
CREATE PROCEDURE LedgerRepairWords()
BEGIN
  UPDATE w_repair SET grant_words = '[]', hold_words = '[]';
  UPDATE w_repair r
    JOIN (SELECT user_id, GROUP_CONCAT('{"id":"', grant_id, '","kind":"', kind, '","remaining":{"from":', remaining, ',"to":', target,
                                       '},"reserved":{"from":', reserved, ',"to":', target_reserved, '}}' ORDER BY grant_id SEPARATOR ',') AS words
            FROM (SELECT user_id, grant_id, kind, remaining, target, reserved, target_reserved, ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY grant_id) AS place
                    FROM w_repair_grant
                   WHERE owned = 1 AND (target <> remaining OR target_reserved <> reserved OR target_state <> state)) numbered
           WHERE place <= 20 GROUP BY user_id) g ON g.user_id = r.user_id
     SET r.grant_words = CONCAT('[', g.words, ']');
  UPDATE w_repair r
    JOIN (SELECT user_id, GROUP_CONCAT('{"id":"', hold_id, '","action":"', action, '","amount":', amount, '}' ORDER BY hold_id SEPARATOR ',') AS words
            FROM (SELECT user_id, hold_id, action, COALESCE(hold_amount, amount, 0) AS amount, ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY hold_id) AS place
                    FROM w_repair_hold WHERE action IS NOT NULL) numbered
           WHERE place <= 20 GROUP BY user_id) h ON h.user_id = r.user_id
     SET r.hold_words = CONCAT('[', h.words, ']');
END
