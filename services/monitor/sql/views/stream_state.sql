-- How far each topic was read.
CREATE VIEW stream_state AS
SELECT topic, CAST(SUM(events) AS SIGNED) AS events, MAX(last_event_at) AS last_event_at, MAX(updated_at) AS updated_at
FROM stream_progress GROUP BY topic
