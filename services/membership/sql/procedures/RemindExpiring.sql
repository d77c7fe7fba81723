/*
NAME
  RemindExpiring: tell of memberships that end in a few days, once for each number of days.

SYNOPSIS
  CALL RemindExpiring(in_days, in_run_id, in_limit, in_now)

PARAMETERS
  in_days   JSON         numbers of days before the end, for example [7, 3, 1]
  in_run_id CHAR(36)     new for each call
  in_limit  INT          1 to 1,000 reminders a call
  in_now    DATETIME(3)  UTC

RETURNS
  One row: recorded (reminders written, the overtaken ones included; as many as in_limit: call again), sent.

  A reminder is due when its day has come and the end has not, unless its day had passed before the end was agreed.
  When several are due for one membership (the machine was off), the nearest is sent and the others are recorded as
  overtaken. A new end has its own reminders.

ERRORS
  1213, 1205 as any lock: roll back and try again.

LOCKS
  The rows it writes. Runs on several instances may overlap: each reminder belongs to the run that wrote its row.

EXAMPLE
  CALL RemindExpiring('[7,3,1]', '0198c0de-0000-7000-8000-000000000000', 500, '2026-02-21 10:00:00.000')
*/
CREATE PROCEDURE RemindExpiring(IN in_days JSON, IN in_run_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin,
                                IN in_limit INT, IN in_now DATETIME(3))
MODIFIES SQL DATA
BEGIN
  DECLARE v_recorded BIGINT DEFAULT 0;
  DECLARE v_sent BIGINT DEFAULT 0;
  DECLARE v_horizon DATETIME(3);

  SELECT in_now + INTERVAL MAX(d.days) DAY INTO v_horizon
    FROM JSON_TABLE(in_days, '$[*]' COLUMNS (days INT PATH '$')) d;

  INSERT INTO membership_reminders (membership_id, ends_at, days_left, run_id, sent, created_at)
  SELECT due.membership_id, due.ends_at, due.days, in_run_id, due.nearest = 1, in_now
    FROM (
      SELECT m.membership_id, m.ends_at, d.days, r.membership_id AS told,
             ROW_NUMBER() OVER (PARTITION BY m.membership_id ORDER BY d.days) AS nearest
        FROM memberships m
        JOIN JSON_TABLE(in_days, '$[*]' COLUMNS (days INT PATH '$')) d
          ON m.ends_at <= in_now + INTERVAL d.days DAY
         AND m.end_agreed_at <= m.ends_at - INTERVAL d.days DAY
        LEFT JOIN membership_reminders r
          ON r.membership_id = m.membership_id AND r.ends_at = m.ends_at AND r.days_left = d.days
       WHERE m.ends_at > in_now AND m.ends_at <= v_horizon) due
   WHERE due.told IS NULL
   ORDER BY due.ends_at, due.membership_id, due.days
   LIMIT in_limit
      ON DUPLICATE KEY UPDATE run_id = membership_reminders.run_id;

  SELECT COUNT(*), COALESCE(SUM(r.sent), 0) INTO v_recorded, v_sent
    FROM membership_reminders r
   WHERE r.run_id = in_run_id;

  INSERT INTO outbox (event_id, topic, type, subject, occurred_at, payload, traceparent)
  SELECT UUID(), 'membership.v1', 'stipend.membership.v1.MembershipExpiring', m.user_id, in_now,
         JSON_OBJECT(
           'userId', m.user_id,
           'membershipId', m.membership_id,
           'tier', m.tier,
           'daysLeft', r.days_left,
           'endsAt', DATE_FORMAT(r.ends_at, '%Y-%m-%dT%H:%i:%s.%fZ'),
           'occurredAt', DATE_FORMAT(in_now, '%Y-%m-%dT%H:%i:%s.%fZ')),
         NULL
    FROM membership_reminders r
    JOIN memberships m ON m.membership_id = r.membership_id
   WHERE r.run_id = in_run_id AND r.sent = 1;

  SELECT v_recorded AS recorded, CAST(v_sent AS SIGNED) AS sent;
END
