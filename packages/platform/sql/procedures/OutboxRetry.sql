-- NAME
--   OutboxRetry: lets every event that was set aside be tried again.
-- SYNOPSIS
--   CALL OutboxRetry()
-- PARAMETERS
--   none. The relay calls it when it starts: a newer program may know the type that the older one did not.
-- RETURNS
--   retried: how many
-- ERRORS
--   none
-- LOCKS
--   the failures
-- EXAMPLE
--   CALL OutboxRetry()
CREATE PROCEDURE OutboxRetry()
  MODIFIES SQL DATA
BEGIN
  DELETE FROM outbox_failures;
  SELECT ROW_COUNT() AS retried;
END
