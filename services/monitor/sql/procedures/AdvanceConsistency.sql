-- NAME
--   AdvanceConsistency - remember where the rolling check stands
-- SYNOPSIS
--   CALL AdvanceConsistency(in_after_user_id, in_next_user_id, in_checked, in_now)
-- PARAMETERS
--   in_after_user_id  where this page began: NULL for the first page of a pass
--   in_next_user_id   where the next page begins: NULL when this was the last page of the pass
--   in_checked        accounts in this page
--   in_now            UTC
-- RETURNS
--   one row: advanced, 0 when another instance has moved on from there already (then nothing was changed)
-- ERRORS
--   none of its own
-- LOCKS
--   the row of consistency_progress
-- EXAMPLE
--   CALL AdvanceConsistency(NULL, 'm-1041', 500, '2026-01-31 00:00:00.000');
CREATE PROCEDURE AdvanceConsistency(
  IN in_after_user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin,
  IN in_next_user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin,
  IN in_checked INT,
  IN in_now DATETIME(3))
  MODIFIES SQL DATA
BEGIN
  DECLARE v_here INT DEFAULT 0;

  SELECT (after_user_id <=> in_after_user_id) INTO v_here FROM consistency_progress WHERE id = 1 FOR UPDATE;
  IF v_here = 1 THEN
    UPDATE consistency_progress
    SET pass_started_at = CASE WHEN in_after_user_id IS NULL THEN in_now ELSE COALESCE(pass_started_at, in_now) END,
        pass_checked = CASE WHEN in_after_user_id IS NULL THEN in_checked ELSE pass_checked + in_checked END,
        after_user_id = in_next_user_id
    WHERE id = 1;
    IF in_next_user_id IS NULL THEN
      UPDATE consistency_progress
      SET last_started_at = pass_started_at, last_finished_at = in_now, last_checked = pass_checked, passes = passes + 1,
          pass_started_at = NULL, pass_checked = 0
      WHERE id = 1;
    END IF;
  END IF;
  SELECT v_here AS advanced;
END
