-- What has been applied, in order.
CREATE PROCEDURE Applied()
  READS SQL DATA
BEGIN
  SELECT event_id, subject FROM applied ORDER BY id;
END
