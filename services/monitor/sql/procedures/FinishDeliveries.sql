-- NAME
--   FinishDeliveries - how attempts to send went
-- SYNOPSIS
--   CALL FinishDeliveries(in_items, in_now)
-- PARAMETERS
--   in_items  JSON array of {deliveryId, attempt, status 'sent'|'failed'|'waiting', nextAt|null, error|null}; attempt: the
--             one that was claimed; one that was claimed again since changes nothing, unless it was sent
--   in_now    UTC
-- RETURNS
--   nothing
-- ERRORS
--   none of its own
-- LOCKS
--   these deliveries
-- EXAMPLE
--   CALL FinishDeliveries('[{"deliveryId": "0190a5c2-…", "attempt": 1, "status": "sent", "nextAt": null, "error": null}]',
--     '2026-01-31 00:00:00.000');
CREATE PROCEDURE FinishDeliveries(IN in_items JSON, IN in_now DATETIME(3))
  MODIFIES SQL DATA
BEGIN
  UPDATE deliveries AS d
  JOIN JSON_TABLE(in_items, '$[*]' COLUMNS (
         delivery_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.deliveryId',
         attempt     INT PATH '$.attempt',
         status      VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.status',
         next_at     DATETIME(3) PATH '$.nextAt',
         error       VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.error')) AS item
    ON item.delivery_id = d.delivery_id
  SET d.status = item.status,
      d.next_at = COALESCE(item.next_at, d.next_at),
      d.last_error = item.error,
      d.finished_at = CASE WHEN item.status = 'waiting' THEN NULL ELSE in_now END
  WHERE d.status = 'waiting' AND (d.attempts = item.attempt OR item.status = 'sent');
END
