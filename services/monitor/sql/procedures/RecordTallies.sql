-- NAME
--   RecordTallies - add to sums by steps of event time, and find the windows that are full
-- SYNOPSIS
--   CALL RecordTallies(in_items, in_now)
-- PARAMETERS
--   in_items  JSON array, each (rule, subject, bucketMs, member) once, of {rule, subject, bucketMs, member, events,
--             amount, marked, stepMs, widthMs, minEvents, minAmount, minMembers, minEach, episodeMs, settleMs|null, keepMs};
--             from stepMs on the same for all items of a rule. bucketMs: beginning of a step of stepMs; widthMs: length of a
--             window, whole steps; minEach: events that make a member count; settleMs: judged by SettleTallies when the
--             step is so long over (what has members is not: it is for comparing), null: judged here, at once; keepMs: how long after its step a row matters
--   in_now    UTC
-- RETURNS
--   of the rules judged at once, a row for each episode of full windows that hold one of these steps: rule, subject,
--   first_ms and last_ms (beginnings of the last steps of its first and last full window), events, amount, members (of the
--   fullest). Sums only grow, so neither the order of arrival nor the cut into batches changes what is found in the end.
-- ERRORS
--   none of its own. Adds each time it is called: call it with new events only, in the transaction of the inbox
-- LOCKS
--   the rows it writes, in order of their key
-- EXAMPLE
--   CALL RecordTallies('[{"rule": "spending_burst", "subject": "alice", "bucketMs": 1769853600000, "member": "",
--     "events": 3, "amount": 40, "marked": 0, "stepMs": 300000, "widthMs": 3900000, "minEvents": 1, "minAmount": 2000,
--     "minMembers": 1, "minEach": 1, "episodeMs": 86400000, "settleMs": null, "keepMs": 700000000}]',
--     '2026-01-31 00:00:00.000');
CREATE PROCEDURE RecordTallies(IN in_items JSON, IN in_now DATETIME(3))
  MODIFIES SQL DATA
BEGIN
  INSERT INTO tallies (rule, subject, bucket_ms, member, events, amount, marked, settle_at, keep_until)
  SELECT item.rule, item.subject, item.bucket_ms, item.member, item.events, item.amount, item.marked,
         CASE WHEN item.settle_ms IS NOT NULL AND item.member = '' THEN TIMESTAMPADD(MICROSECOND, item.settle_ms * 1000,
           GREATEST(in_now, TIMESTAMPADD(MICROSECOND, (item.bucket_ms + item.step_ms) * 1000, '1970-01-01 00:00:00.000'))) END,
         TIMESTAMPADD(MICROSECOND, item.keep_ms * 1000,
           GREATEST(in_now, TIMESTAMPADD(MICROSECOND, (item.bucket_ms + item.step_ms) * 1000, '1970-01-01 00:00:00.000')))
  FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
         rule      VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.rule',
         subject   VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.subject',
         bucket_ms BIGINT PATH '$.bucketMs',
         member    VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.member',
         events    BIGINT PATH '$.events',
         amount    BIGINT PATH '$.amount',
         marked    BIGINT PATH '$.marked',
         step_ms   BIGINT PATH '$.stepMs',
         settle_ms BIGINT PATH '$.settleMs',
         keep_ms   BIGINT PATH '$.keepMs')) AS item
  ORDER BY item.rule, item.subject, item.bucket_ms, item.member
  ON DUPLICATE KEY UPDATE
    events = tallies.events + VALUES(events), amount = tallies.amount + VALUES(amount),
    marked = tallies.marked + VALUES(marked), settle_at = VALUES(settle_at),
    keep_until = GREATEST(tallies.keep_until, VALUES(keep_until));

  WITH touched AS (
    SELECT item.rule, item.subject, MIN(item.bucket_ms) AS from_ms, MAX(item.bucket_ms) AS to_ms,
           MAX(item.step_ms) AS step_ms, MAX(item.width_ms) AS width_ms, MAX(item.min_events) AS min_events,
           MAX(item.min_amount) AS min_amount, MAX(item.min_members) AS min_members, MAX(item.min_each) AS min_each,
           MAX(item.episode_ms) AS episode_ms
    FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
           rule        VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.rule',
           subject     VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.subject',
           bucket_ms   BIGINT PATH '$.bucketMs',
           step_ms     BIGINT PATH '$.stepMs',
           width_ms    BIGINT PATH '$.widthMs',
           min_events  BIGINT PATH '$.minEvents',
           min_amount  BIGINT PATH '$.minAmount',
           min_members BIGINT PATH '$.minMembers',
           min_each    BIGINT PATH '$.minEach',
           episode_ms  BIGINT PATH '$.episodeMs',
           settle_ms   BIGINT PATH '$.settleMs')) AS item
    WHERE item.settle_ms IS NULL AND item.width_ms > 0
    GROUP BY item.rule, item.subject
  ), ends AS (
    SELECT DISTINCT t.rule, t.subject, t.width_ms, t.min_events, t.min_amount, t.min_members, t.min_each, x.bucket_ms AS end_ms
    FROM touched AS t
    JOIN tallies AS x ON x.rule = t.rule AND x.subject = t.subject
      AND x.bucket_ms >= t.from_ms AND x.bucket_ms < t.to_ms + t.width_ms
  ), held AS (
    SELECT e.rule, e.subject, e.end_ms, e.min_events, e.min_amount, e.min_members, e.min_each, x.member,
           SUM(x.events) AS events, SUM(x.amount) AS amount
    FROM ends AS e
    JOIN tallies AS x ON x.rule = e.rule AND x.subject = e.subject
      AND x.bucket_ms > e.end_ms - e.width_ms AND x.bucket_ms <= e.end_ms
    GROUP BY e.rule, e.subject, e.end_ms, e.min_events, e.min_amount, e.min_members, e.min_each, x.member
  ), full_windows AS (
    SELECT rule, subject, end_ms, COUNT(*) AS members, SUM(events) AS events, SUM(amount) AS amount
    FROM held
    WHERE events >= min_each
    GROUP BY rule, subject, end_ms, min_events, min_amount, min_members
    HAVING COUNT(*) >= MAX(min_members) AND SUM(events) >= MAX(min_events) AND SUM(amount) >= MAX(min_amount)
  ), parted AS (
    SELECT w.rule, w.subject, w.end_ms, w.members, w.events, w.amount,
           CASE WHEN t.episode_ms > 0 AND w.end_ms - LAG(w.end_ms)
                  OVER (PARTITION BY w.rule, w.subject ORDER BY w.end_ms) >= t.episode_ms THEN 1 ELSE 0 END AS begins
    FROM full_windows AS w
    JOIN touched AS t ON t.rule = w.rule AND t.subject = w.subject
  ), episodes AS (
    SELECT rule, subject, end_ms, members, events, amount,
           SUM(begins) OVER (PARTITION BY rule, subject ORDER BY end_ms) AS episode
    FROM parted
  )
  SELECT rule, subject, MIN(end_ms) AS first_ms, MAX(end_ms) AS last_ms, CAST(MAX(events) AS SIGNED) AS events,
         CAST(MAX(amount) AS SIGNED) AS amount, CAST(MAX(members) AS SIGNED) AS members
  FROM episodes
  GROUP BY rule, subject, episode
  ORDER BY first_ms, rule, subject;
END
