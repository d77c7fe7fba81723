-- Append-only, for the schema's owner too: only rows that a recorded cut says are archived may go. Whoever wants to
-- delete another one has to drop this first.
CREATE TRIGGER admin_operation_logs_no_delete BEFORE DELETE ON admin_operation_logs FOR EACH ROW
BEGIN
  IF OLD.seq > COALESCE((SELECT MAX(seq) FROM audit_archive_cuts), 0) THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'admin_operation_logs is append-only: DELETE refused';
  END IF;
END
