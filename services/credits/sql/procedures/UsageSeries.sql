-- NAME
--   UsageSeries: consumption and refunds of an account in buckets of time, by feature.
-- SYNOPSIS
--   CALL UsageSeries(in_user_id, in_edges);
-- PARAMETERS
--   in_user_id  the account
--   in_edges    JSON array of 2 to 1,001 moments, ascending: bucket n is [edge n, edge n + 1). Inner edges fall on quarters of an hour (every zone's hours do).
-- RETURNS
--   bucket (from 0), feature, consumed, refunded, operations; buckets without use are absent.
-- ERRORS
--   None of its own.
-- LOCKS
--   None.
-- EXAMPLE
--   CALL UsageSeries('alice', '["2026-01-01 00:00:00.000", "2026-02-01 00:00:00.000", "2026-03-01 00:00:00.000"]');
CREATE PROCEDURE UsageSeries(IN in_user_id VARCHAR(128) CHARACTER SET ascii, IN in_edges JSON)
BEGIN
  DECLARE v_user VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin DEFAULT in_user_id;
  -- Rows are first summed by quarters of an hour, so that the join with the buckets stays small however long the ledger is.
  SELECT e.bucket, q.feature, CAST(SUM(q.consumed) AS SIGNED) AS consumed, CAST(SUM(q.refunded) AS SIGNED) AS refunded, CAST(SUM(q.operations) AS SIGNED) AS operations
    FROM (SELECT feature, MIN(created_at) AS at,
                 SUM(CASE type WHEN 'consume' THEN -amount ELSE 0 END) AS consumed, SUM(CASE type WHEN 'refund' THEN amount ELSE 0 END) AS refunded,
                 SUM(CASE type WHEN 'consume' THEN 1 ELSE 0 END) AS operations
            FROM credit_transactions
           WHERE user_id = v_user AND type IN ('consume', 'refund')
             AND created_at >= CAST(JSON_UNQUOTE(JSON_EXTRACT(in_edges, '$[0]')) AS DATETIME(3))
             AND created_at < CAST(JSON_UNQUOTE(JSON_EXTRACT(in_edges, CONCAT('$[', JSON_LENGTH(in_edges) - 1, ']'))) AS DATETIME(3))
           GROUP BY feature, TIMESTAMPDIFF(MINUTE, '2000-01-01', created_at) DIV 15) q
    JOIN (SELECT ord - 1 AS bucket, edge AS starts, LEAD(edge) OVER (ORDER BY ord) AS ends
            FROM JSON_TABLE(in_edges, '$[*]' COLUMNS (ord FOR ORDINALITY, edge DATETIME(3) PATH '$')) o) e
      ON q.at >= e.starts AND q.at < e.ends
   GROUP BY e.bucket, q.feature
   ORDER BY e.bucket, q.feature;
END
