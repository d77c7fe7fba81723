-- NAME
--   RecordObservations - count events in sliding windows of event time
-- SYNOPSIS
--   CALL RecordObservations(in_items, in_now)
-- PARAMETERS
--   in_items  JSON array of {rule, subject, atMs, eventId, amount, windowMs, minEvents, minAmount, episodeMs}; atMs is
--             the event's own time in milliseconds since 1970; windowMs, minEvents, minAmount and episodeMs are the same
--             for all items of a rule; episodeMs: full windows at least so far apart are two episodes (0: never)
--   in_now    UTC
-- RETURNS
--   full windows are those that hold one of these events, have at least minEvents events and at least minAmount
--   credits. A row for each episode of a rule and subject, in order of time: rule, subject, first_ms and last_ms (ends
--   of the first and the last full window), events, amount (of the fullest). A window is (t − windowMs, t] for the time t of an event, so neither the order of
--   arrival nor the cut into batches changes what is found.
-- ERRORS
--   none of its own; an event that was counted before is left alone
-- LOCKS
--   the rows it inserts, in order of their key
-- EXAMPLE
--   CALL RecordObservations('[{"rule": "frequent_refunds", "subject": "alice", "atMs": 1769853600000,
--     "eventId": "0190a5c2-…", "amount": 1, "windowMs": 600000, "minEvents": 10, "minAmount": 0,
--     "episodeMs": 86400000}]', '2026-01-31 00:00:00.000');
CREATE PROCEDURE RecordObservations(IN in_items JSON, IN in_now DATETIME(3))
  MODIFIES SQL DATA
BEGIN
  INSERT INTO observations (rule, subject, at_ms, event_id, amount, recorded_at)
  SELECT item.rule, item.subject, item.at_ms, item.event_id, item.amount, in_now
  FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
         rule     VARCHAR(64) CHARACTER SET ascii PATH '$.rule',
         subject  VARCHAR(255) CHARACTER SET utf8mb4 PATH '$.subject',
         at_ms    BIGINT PATH '$.atMs',
         event_id VARCHAR(64) CHARACTER SET ascii PATH '$.eventId',
         amount   BIGINT PATH '$.amount')) AS item
  ORDER BY item.rule, item.subject, item.at_ms, item.event_id
  ON DUPLICATE KEY UPDATE amount = observations.amount;

  -- Running sums over the events and, for each event, a mark at the beginning of its window: what a window holds is
  -- the difference of two running sums. One sort, however many events a window holds.
  WITH touched AS (
    SELECT item.rule, item.subject, MAX(item.window_ms) AS window_ms, MAX(item.min_events) AS min_events,
           MAX(item.min_amount) AS min_amount, MAX(item.episode_ms) AS episode_ms,
           MIN(item.at_ms) AS from_ms, MAX(item.at_ms) + MAX(item.window_ms) AS to_ms
    FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
           rule       VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.rule',
           subject    VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.subject',
           at_ms      BIGINT PATH '$.atMs',
           window_ms  BIGINT PATH '$.windowMs',
           min_events BIGINT PATH '$.minEvents',
           min_amount BIGINT PATH '$.minAmount',
           episode_ms BIGINT PATH '$.episodeMs')) AS item
    GROUP BY item.rule, item.subject
  ), events AS (
    SELECT t.rule, t.subject, t.window_ms, t.min_events, t.min_amount, t.from_ms, o.at_ms, o.amount
    FROM touched AS t
    JOIN observations AS o ON o.rule = t.rule AND o.subject = t.subject
      AND o.at_ms > t.from_ms - t.window_ms AND o.at_ms < t.to_ms
  ), points AS (
    SELECT rule, subject, at_ms AS position_ms, at_ms AS window_end_ms, 1 AS is_event, amount FROM events
    UNION ALL
    SELECT rule, subject, at_ms - window_ms, at_ms, 0, 0 FROM events WHERE at_ms >= from_ms
  ), running AS (
    SELECT rule, subject, window_end_ms, is_event,
           SUM(is_event) OVER (PARTITION BY rule, subject ORDER BY position_ms
                               RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS events_so_far,
           SUM(amount) OVER (PARTITION BY rule, subject ORDER BY position_ms
                             RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS amount_so_far
    FROM points
  ), windows AS (
    SELECT rule, subject, window_end_ms,
           MAX(CASE WHEN is_event = 1 THEN events_so_far END) - MAX(CASE WHEN is_event = 0 THEN events_so_far END) AS events,
           MAX(CASE WHEN is_event = 1 THEN amount_so_far END) - MAX(CASE WHEN is_event = 0 THEN amount_so_far END) AS amount
    FROM running
    GROUP BY rule, subject, window_end_ms
  ), full_windows AS (
    SELECT w.rule, w.subject, w.window_end_ms, w.events, w.amount,
           CASE WHEN t.episode_ms > 0 AND w.window_end_ms - LAG(w.window_end_ms)
                  OVER (PARTITION BY w.rule, w.subject ORDER BY w.window_end_ms) >= t.episode_ms THEN 1 ELSE 0 END AS begins
    FROM windows AS w
    JOIN touched AS t ON t.rule = w.rule AND t.subject = w.subject
    -- Events before from_ms have no mark (their windows are as they were), so their difference is NULL.
    WHERE w.events >= t.min_events AND w.amount >= t.min_amount
  ), episodes AS (
    SELECT rule, subject, window_end_ms, events, amount,
           SUM(begins) OVER (PARTITION BY rule, subject ORDER BY window_end_ms) AS episode
    FROM full_windows
  )
  SELECT rule, subject, MIN(window_end_ms) AS first_ms, MAX(window_end_ms) AS last_ms,
         CAST(MAX(events) AS SIGNED) AS events, CAST(MAX(amount) AS SIGNED) AS amount
  FROM episodes
  GROUP BY rule, subject, episode
  ORDER BY first_ms, rule, subject;
END
