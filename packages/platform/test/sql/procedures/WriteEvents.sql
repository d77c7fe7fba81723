-- Writes MembershipExpiring events: [{"id": …, "user": …, "days": …, "type"?: …}].
CREATE PROCEDURE WriteEvents(
  IN in_events JSON, IN in_now DATETIME(3), IN in_traceparent VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin
)
  MODIFIES SQL DATA
BEGIN
  INSERT INTO outbox (event_id, topic, type, subject, occurred_at, payload, traceparent)
  SELECT j.id, 'membership.v1', COALESCE(j.type, 'stipend.membership.v1.MembershipExpiring'), j.user, in_now,
         JSON_OBJECT('userId', j.user, 'daysLeft', j.days), in_traceparent
    FROM JSON_TABLE(in_events, '$[*]' COLUMNS (
           n FOR ORDINALITY,
           id VARCHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id',
           user VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.user',
           days INT PATH '$.days',
           type VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.type'
         )) j
   ORDER BY j.n;
  SELECT ROW_COUNT() AS written;
END
