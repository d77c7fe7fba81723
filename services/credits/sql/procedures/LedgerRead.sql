-- NAME
--   LedgerRead: reads the operations into w_op and w_doc, and the accounts they name into w_user. Internal.
-- SYNOPSIS
--   CALL LedgerRead(in_operations);
CREATE PROCEDURE LedgerRead(IN in_operations JSON)
BEGIN
  DECLARE v_documents INT DEFAULT 0;
  INSERT INTO w_op (ord, user_id, amount, ttl, request_key, request_hash, reason, feature, actor, traceparent, has_metadata,
                    target_id, code, reference, priority, ends_at, flag)
  SELECT ord, user_id, amount, ttl, request_key, request_hash, reason, feature, actor, traceparent, has_metadata,
         COALESCE(transaction_id, hold_id), COALESCE(kind, action, code), reference, priority, ends_at, flag
    FROM JSON_TABLE(in_operations, '$[*]' COLUMNS (
           ord FOR ORDINALITY,
           user_id VARCHAR(129) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           amount BIGINT PATH '$.amount',
           ttl BIGINT PATH '$.ttlSeconds',
           request_key VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin PATH '$.requestKey',
           request_hash VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.requestHash',
           reason VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.reason',
           feature VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.feature',
           actor VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.actor',
           traceparent VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.traceparent',
           has_metadata INT EXISTS PATH '$.metadata',
           transaction_id BIGINT PATH '$.transactionId',
           hold_id BIGINT PATH '$.holdId',
           kind VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.kind',
           action VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.action',
           code VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.code',
           reference VARCHAR(192) CHARACTER SET ascii COLLATE ascii_bin PATH '$.paymentReference',
           priority INT PATH '$.priority',
           ends_at DATETIME(3) PATH '$.expiresAt',
           flag VARCHAR(5) CHARACTER SET ascii COLLATE ascii_bin PATH '$.membershipNotRequired')) o;

  SELECT COALESCE(SUM(has_metadata), 0) INTO v_documents FROM w_op;
  IF v_documents > 0 THEN
    DELETE FROM w_doc;
    INSERT INTO w_doc (ord, doc)
    SELECT ord, doc FROM JSON_TABLE(in_operations, '$[*]' COLUMNS (ord FOR ORDINALITY, doc JSON PATH '$.metadata')) o WHERE doc IS NOT NULL;
  END IF;

  INSERT INTO w_user (user_id) SELECT DISTINCT user_id FROM w_op WHERE CHAR_LENGTH(user_id) BETWEEN 1 AND 128;
END
