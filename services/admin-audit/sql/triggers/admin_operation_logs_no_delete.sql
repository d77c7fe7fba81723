-- Append-only, for the schema's owner too: whoever wants to delete a row has to drop this first.
CREATE TRIGGER admin_operation_logs_no_delete BEFORE DELETE ON admin_operation_logs FOR EACH ROW
  SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'admin_operation_logs is append-only: DELETE refused'
