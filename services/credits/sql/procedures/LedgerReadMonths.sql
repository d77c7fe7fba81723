-- NAME
--   LedgerReadMonths: reads the schedules of the operations into w_month. Internal.
-- SYNOPSIS
--   CALL LedgerReadMonths(in_operations);
-- PARAMETERS
--   in_operations  each with ord, the place of its account in the answer; where there is none, that is its own place
CREATE PROCEDURE LedgerReadMonths(IN in_operations JSON)
BEGIN
  DELETE FROM w_month;
  INSERT INTO w_month (ord, month, starts_at, ends_at, amount)
  SELECT COALESCE(own_ord, place), month, starts_at, ends_at, amount
    FROM JSON_TABLE(in_operations, '$[*]' COLUMNS (
           place FOR ORDINALITY,
           own_ord INT PATH '$.ord',
           NESTED PATH '$.schedule[*]' COLUMNS (
             month INT PATH '$.month',
             starts_at DATETIME(3) PATH '$.periodStart',
             ends_at DATETIME(3) PATH '$.periodEnd',
             amount BIGINT PATH '$.amount'))) o
   WHERE starts_at IS NOT NULL;
END
