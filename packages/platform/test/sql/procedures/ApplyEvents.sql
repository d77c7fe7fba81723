-- What a consumer does with events: [{"id": …, "subject": …}].
CREATE PROCEDURE ApplyEvents(IN in_events JSON)
  MODIFIES SQL DATA
BEGIN
  INSERT INTO applied (event_id, subject)
  SELECT j.id, j.subject
    FROM JSON_TABLE(in_events, '$[*]' COLUMNS (
           n FOR ORDINALITY,
           id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id',
           subject VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.subject'
         )) j
   ORDER BY j.n;
END
