-- NAME
--   InboxRecord: notes events as received and tells which of them are new.
-- SYNOPSIS
--   CALL InboxRecord(in_consumer, in_events, in_now)
-- PARAMETERS
--   in_consumer  who applies them, e.g. credits.membership
--   in_events    JSON array of event ids, at most 500; an id that stands twice counts once
--   in_now       when
-- RETURNS
--   event_id of each event that this consumer has not received before
-- ERRORS
--   1406 when an id is longer than 64 characters
-- LOCKS
--   the inbox rows of these events, in the order of their ids. A concurrent delivery of the same event waits for this
--   transaction: it then sees the event as received, or as new if this transaction was rolled back.
-- EXAMPLE
--   CALL InboxRecord('credits.membership', '["0198c0de-..."]', '2026-01-31 00:00:00.000')
CREATE PROCEDURE InboxRecord(IN in_consumer VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin, IN in_events JSON, IN in_now DATETIME(3))
  MODIFIES SQL DATA
BEGIN
  DECLARE v_claim BIGINT UNSIGNED DEFAULT UUID_SHORT();
  INSERT INTO inbox (consumer, event_id, received_at, claim)
  SELECT DISTINCT in_consumer, j.event_id, in_now, v_claim
    FROM JSON_TABLE(in_events, '$[*]' COLUMNS (
           event_id VARCHAR(200) CHARACTER SET ascii COLLATE ascii_bin PATH '$' ERROR ON ERROR
         )) j
   ORDER BY j.event_id
  ON DUPLICATE KEY UPDATE received_at = inbox.received_at;
  SELECT i.event_id
    FROM JSON_TABLE(in_events, '$[*]' COLUMNS (
           event_id VARCHAR(200) CHARACTER SET ascii COLLATE ascii_bin PATH '$' ERROR ON ERROR
         )) j
    JOIN inbox i ON i.consumer = in_consumer AND i.event_id = j.event_id
   WHERE i.claim = v_claim;
END
