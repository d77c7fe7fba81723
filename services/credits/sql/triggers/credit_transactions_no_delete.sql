-- The ledger is append-only, for its owner too: a correction is a new row.
CREATE TRIGGER credit_transactions_no_delete BEFORE DELETE ON credit_transactions FOR EACH ROW
  SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'credit_transactions is append-only: correct with an adjustment'
