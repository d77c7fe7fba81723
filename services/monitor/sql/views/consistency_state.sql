-- Where the rolling check stands.
CREATE VIEW consistency_state AS
SELECT after_user_id, pass_started_at, pass_checked, last_started_at, last_finished_at, last_checked, passes
FROM consistency_progress WHERE id = 1
