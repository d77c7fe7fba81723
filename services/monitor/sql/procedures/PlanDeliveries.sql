-- NAME
--   PlanDeliveries - decide who is told of which change, once
-- SYNOPSIS
--   CALL PlanDeliveries(in_items, in_routed, in_now)
-- PARAMETERS
--   in_items   JSON array of {deliveryId, changeId, channel, dedupeKey, dueAt 'YYYY-MM-DD HH:MM:SS.mmm'}: changes with
--              the same channel and key go into one delivery; deliveryId is used if it is new
--   in_routed  JSON array of changes' ids that are decided, also those that nobody is told of
--   in_now     UTC
-- RETURNS
--   nothing
-- ERRORS
--   none of its own
-- LOCKS
--   the deliveries with these keys, in their order, and the changes
-- EXAMPLE
--   CALL PlanDeliveries('[{"deliveryId": "0190a5c2-…", "changeId": 7, "channel": "ops", "dedupeKey": "change:7",
--     "dueAt": "2026-01-31 00:00:00.000"}]', '[7]', '2026-01-31 00:00:00.000');
CREATE PROCEDURE PlanDeliveries(IN in_items JSON, IN in_routed JSON, IN in_now DATETIME(3))
  MODIFIES SQL DATA
BEGIN
  INSERT INTO deliveries (delivery_id, channel, dedupe_key, status, next_at, created_at)
  SELECT item.delivery_id, item.channel, item.dedupe_key, 'waiting', item.due_at, in_now
  FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
         delivery_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PATH '$.deliveryId',
         channel     VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.channel',
         dedupe_key  VARCHAR(96) CHARACTER SET ascii COLLATE ascii_bin PATH '$.dedupeKey',
         due_at      DATETIME(3) PATH '$.dueAt')) AS item
  ORDER BY item.channel, item.dedupe_key
  ON DUPLICATE KEY UPDATE dedupe_key = deliveries.dedupe_key;

  INSERT INTO delivery_items (delivery_id, change_id)
  SELECT d.delivery_id, item.change_id
  FROM JSON_TABLE(in_items, '$[*]' COLUMNS (
         change_id  BIGINT PATH '$.changeId',
         channel    VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.channel',
         dedupe_key VARCHAR(96) CHARACTER SET ascii COLLATE ascii_bin PATH '$.dedupeKey')) AS item
  JOIN deliveries AS d ON d.channel = item.channel AND d.dedupe_key = item.dedupe_key
  ORDER BY d.delivery_id, item.change_id
  ON DUPLICATE KEY UPDATE change_id = delivery_items.change_id;

  UPDATE alert_changes AS c
  JOIN JSON_TABLE(in_routed, '$[*]' COLUMNS (id BIGINT PATH '$')) AS item ON item.id = c.id
  SET c.routed_at = in_now;
END
