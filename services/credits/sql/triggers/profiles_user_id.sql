-- Which user ids there may be. A trigger, because a CHECK is judged again with every update of the row.
CREATE TRIGGER profiles_user_id BEFORE INSERT ON profiles FOR EACH ROW
BEGIN
  IF NEW.user_id NOT REGEXP '^[A-Za-z0-9_.@|:-]+$' THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'a user id has 1 to 128 characters of A-Z a-z 0-9 . _ @ | : -';
  END IF;
END
