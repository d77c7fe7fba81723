-- Refuses with a message, as procedures do.
CREATE PROCEDURE Refuse(IN in_message VARCHAR(100))
  NO SQL
BEGIN
  SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = in_message;
END
