-- Adds to a thing and writes one event of it for each subject given.
CREATE PROCEDURE AddThing(
  IN in_name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin, IN in_amount BIGINT, IN in_now DATETIME(3)
)
  MODIFIES SQL DATA
BEGIN
  INSERT INTO things (name, amount, changed_at) VALUES (in_name, in_amount, in_now)
  ON DUPLICATE KEY UPDATE amount = amount + in_amount, changed_at = in_now;
  SELECT name, amount, changed_at FROM things WHERE name = in_name;
END
