-- NAME
--   RejectUsage: answers reported use that could not be charged with an event that says why, so that none is lost.
-- SYNOPSIS
--   CALL RejectUsage(in_now, in_operations);
-- PARAMETERS
--   in_now         the moment, UTC
--   in_operations  array of at most 1,000 {usageId, userId, feature, amount, code, detail, traceparent?}
-- RETURNS
--   Nothing; one outbox row UsageRejected each.
-- ERRORS
--   None of its own.
-- LOCKS
--   None.
-- EXAMPLE
--   CALL RejectUsage(UTC_TIMESTAMP(3), '[{"usageId": "e1", "userId": "bob", "feature": "ocr", "amount": 5, "code": "insufficient_credits", "detail": "2 missing"}]');
CREATE PROCEDURE RejectUsage(IN in_now DATETIME(3), IN in_operations JSON)
BEGIN
  INSERT INTO outbox (event_id, topic, type, subject, occurred_at, payload, traceparent)
  SELECT UUID(), 'credits.v1', 'stipend.credits.v1.UsageRejected', o.user_id, in_now,
         JSON_OBJECT('usageId', o.usage_id, 'userId', o.user_id, 'feature', o.feature, 'amount', o.amount, 'code', o.code, 'detail', o.detail,
                     'occurredAt', CONCAT(REPLACE(in_now, ' ', 'T'), 'Z')),
         o.traceparent
    FROM JSON_TABLE(in_operations, '$[*]' COLUMNS (
           ord FOR ORDINALITY,
           usage_id VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.usageId',
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           feature VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.feature',
           amount BIGINT PATH '$.amount',
           code VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.code',
           detail VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.detail',
           traceparent VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.traceparent')) o
   ORDER BY o.ord;
END
