-- NAME
--   LedgerReadSpend: as LedgerRead, with the columns only that consume or hold have: each costs MariaDB a walk through the JSON. Internal.
-- SYNOPSIS
--   CALL LedgerReadSpend(in_operations, in_operation);
CREATE PROCEDURE LedgerReadSpend(IN in_operations JSON, IN in_operation VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin)
BEGIN
  DECLARE v_documents INT DEFAULT 0;
  INSERT INTO w_op (ord, user_id, amount, request_key, request_hash, reason, feature, actor, traceparent, has_metadata)
  SELECT ord, user_id, amount, request_key, request_hash, reason, feature, actor, traceparent, has_metadata
    FROM JSON_TABLE(in_operations, '$[*]' COLUMNS (
           ord FOR ORDINALITY,
           user_id VARCHAR(129) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           amount BIGINT PATH '$.amount',
           request_key VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin PATH '$.requestKey',
           request_hash VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.requestHash',
           reason VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.reason',
           feature VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.feature',
           actor VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.actor',
           traceparent VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.traceparent',
           has_metadata INT EXISTS PATH '$.metadata')) o;

  SELECT COALESCE(SUM(has_metadata), 0) INTO v_documents FROM w_op;
  IF v_documents > 0 THEN
    DELETE FROM w_doc;
    INSERT INTO w_doc (ord, doc)
    SELECT ord, doc FROM JSON_TABLE(in_operations, '$[*]' COLUMNS (ord FOR ORDINALITY, doc JSON PATH '$.metadata')) o WHERE doc IS NOT NULL;
  END IF;

  IF in_operation = 'hold' THEN
    DELETE FROM w_judge;
    INSERT INTO w_judge (ord, figure)
    SELECT ord, ttl FROM JSON_TABLE(in_operations, '$[*]' COLUMNS (ord FOR ORDINALITY, ttl BIGINT PATH '$.ttlSeconds')) o;
    UPDATE w_op o JOIN w_judge j ON j.ord = o.ord SET o.ttl = j.figure;
  END IF;

  INSERT INTO w_user (user_id) SELECT DISTINCT user_id FROM w_op WHERE CHAR_LENGTH(user_id) BETWEEN 1 AND 128;
END
