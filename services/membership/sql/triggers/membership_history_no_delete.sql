-- History is append-only, whoever writes.
CREATE TRIGGER membership_history_no_delete BEFORE DELETE ON membership_history FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'membership_history is append-only: DELETE refused'
