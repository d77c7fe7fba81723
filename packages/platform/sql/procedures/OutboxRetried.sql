-- NAME
--   OutboxRetried: notes what became of parked events that were tried again.
-- SYNOPSIS
--   CALL OutboxRetried(in_sent, in_failed)
-- PARAMETERS
--   in_sent    [[id, place], …]: Kafka has them, they are parked no more
--   in_failed  [{"id": …, "place": …, "error": …}]: they can't be published
-- RETURNS
--   nothing
-- ERRORS
--   none; one that was given up meanwhile stays so
-- LOCKS
--   the rows, by primary key
-- EXAMPLE
--   CALL OutboxRetried('[[17,1]]', '[{"id":18,"place":1,"error":"unknown field"}]')
CREATE PROCEDURE OutboxRetried(IN in_sent JSON, IN in_failed JSON)
  MODIFIES SQL DATA
BEGIN
  DELETE p
    FROM JSON_TABLE(in_sent, '$[*]' COLUMNS (id BIGINT PATH '$[0]', place INT PATH '$[1]')) j
    STRAIGHT_JOIN outbox_parked p FORCE INDEX (PRIMARY) ON p.outbox_id = j.id AND p.place = j.place;
  UPDATE JSON_TABLE(in_failed, '$[*]' COLUMNS (
           id BIGINT PATH '$.id',
           place INT PATH '$.place',
           error VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.error'
         )) j
    STRAIGHT_JOIN outbox_parked p FORCE INDEX (PRIMARY) ON p.outbox_id = j.id AND p.place = j.place
     SET p.state = 'failed', p.error = COALESCE(j.error, '')
   WHERE p.state <> 'given_up';
END
