-- NAME
--   TallyCrowd - how much of what is marked of a subject happened in steps in which the same was marked of many others
-- SYNOPSIS
--   CALL TallyCrowd(in_rule, in_items, in_percent, in_accounts)
-- PARAMETERS
--   in_rule      a rule that tallies every event a second time, by subject '*/<step>' (bucket_ms / 1,000, whole) and member
--   in_items     JSON array of {ordinal, member, fromMs, toMs}: steps that begin in (fromMs, toMs]
--   in_percent   of the others' amount of a step is marked at least so much …
--   in_accounts  … and of at least so many others something
-- RETURNS
--   a row for each item of which there is something: ordinal, marked
-- ERRORS
--   none of its own
-- LOCKS
--   none
-- NOTES
--   Reads all rows of the steps from the earliest to the latest once, whatever the number of items.
-- EXAMPLE
--   CALL TallyCrowd('refund_share', '[{"ordinal": 0, "member": "alice", "fromMs": 1769731200000, "toMs": 1769817600000}]', 25, 10);
CREATE PROCEDURE TallyCrowd(IN in_rule VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin, IN in_items JSON, IN in_percent INT, IN in_accounts INT)
  READS SQL DATA
BEGIN
  DECLARE v_from BIGINT;
  DECLARE v_to BIGINT;
  SELECT MIN(item.from_ms), MAX(item.to_ms) INTO v_from, v_to
  FROM JSON_TABLE(in_items, '$[*]' COLUMNS (from_ms BIGINT PATH '$.fromMs', to_ms BIGINT PATH '$.toMs')) AS item;

  SELECT item.ordinal, CAST(SUM(own.marked) AS SIGNED) AS marked
  FROM (SELECT x.bucket_ms, SUM(x.amount) AS amount, SUM(x.marked) AS marked, SUM(CASE WHEN x.marked > 0 THEN 1 ELSE 0 END) AS accounts
        FROM tallies AS x
        -- Steps of one number of digits, so their order is that of their text.
        WHERE x.rule = in_rule AND x.subject >= CONCAT('*/', v_from DIV 1000) AND x.subject <= CONCAT('*/', v_to DIV 1000)
        GROUP BY x.bucket_ms
        HAVING SUM(CASE WHEN x.marked > 0 THEN 1 ELSE 0 END) > in_accounts) AS many
  JOIN JSON_TABLE(in_items, '$[*]' COLUMNS (
         ordinal INT PATH '$.ordinal',
         member  VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.member',
         from_ms BIGINT PATH '$.fromMs',
         to_ms   BIGINT PATH '$.toMs')) AS item ON many.bucket_ms > item.from_ms AND many.bucket_ms <= item.to_ms
  JOIN tallies AS own ON own.rule = in_rule AND own.subject = CONCAT('*/', many.bucket_ms DIV 1000) AND own.bucket_ms = many.bucket_ms
    AND own.member = item.member
  WHERE own.marked > 0 AND (many.marked - own.marked) * 100 >= (many.amount - own.amount) * in_percent
  GROUP BY item.ordinal;
END
