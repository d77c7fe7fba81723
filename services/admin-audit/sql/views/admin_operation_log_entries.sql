-- All rows of the log as the service reads them: search, export and verify.
CREATE VIEW admin_operation_log_entries AS
SELECT seq, action_id, service, actor, roles_json, action, target, outcome, reason, before_json, after_json,
       ip, user_agent, request_id, trace_id, occurred_at, recorded_at, prev_hash, hash
FROM admin_operation_logs
