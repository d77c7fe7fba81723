-- NAME
--   LedgerBegin: empties the work tables of this connection, making them the first time and after a large call. Internal.
-- SYNOPSIS
--   CALL LedgerBegin();
-- WORK TABLES (temporary, MEMORY: nothing in them outlives the call that filled them, but for the accounts of a claim, see ClaimAccounts;
-- rolled-back work is emptied here, at the start of the next call)
--   w_op       the operations as they came, one row each (LedgerRead); JSON is parsed once a call
--   w_user     accounts named by the operations
--   w_account  those accounts as locked; LedgerCarry keeps it current
--   w_item     one row an operation: what it asks, and the verdict
--   w_entry    ledger rows to write, in the order of seq; ord = the operation a row answers, NULL for lapses
--   w_draw     what each entry does to existing grants, in the order of rank
--   w_grant_change   all that is drawn from each grant, for LedgerEnter
--   w_line      the ledger rows with the running figures (LedgerBook, LedgerSettle), as LedgerEnter writes them; left behind for the caller
--   w_allowance  the allowance grants of those accounts that are open or spent, as they were before the call's entries (LedgerSettle)
--   w_running  of accounts with several entries: what the call has done to each up to and including this one (LedgerBook)
--   w_judge    scratch of a judging pass
--   w_source   draws of earlier rows (of holds that end, of consumptions that are given back)
--   w_month, w_package, w_doc, w_audit  schedules, packages, JSON values and audit objects of the operations; filled only when there are any
-- NOTES
--   MySQL cannot open a temporary table twice in one statement; every statement here names each at most once.
--   Operations are read by plain INSERT … SELECT … FROM JSON_TABLE into these tables and joined from there: as the inner side of a join both
--   engines parse a JSON_TABLE of the operations again for every row (measured: 233 ms instead of 5 for 200 operations).
--   Tables of the schema are joined with their index named: with stale statistics (a table that was just filled) MySQL reads all of it instead,
--   and an UPDATE would lock what it reads.
--   w_source, w_grant_change, w_allowance, w_judge, w_running, w_month, w_package, w_doc and w_audit are emptied by who fills them: each statement counts for a small call.
--   Change the shape of a work table only together with its name: pooled connections keep the old one.
--   A deleted row of a MEMORY table keeps its place, and every walk through the table passes it: after a call with 1,000 operations each later one
--   with a single operation took 1.6 times as long (MySQL 9.7). So what a large call leaves behind is dropped.
CREATE PROCEDURE LedgerBegin()
BEGIN
  DECLARE v_places INT DEFAULT 0;
  DECLARE CONTINUE HANDLER FOR 1146 CALL LedgerWorkTables();
  -- What ClaimAccounts or ClaimDue locked and read stands no longer.
  SET @ledger_claim = NULL;
  -- The first statement fails with 1146 on a fresh connection; the handler makes all tables and the rest goes on.
  DELETE FROM w_line;
  SET v_places = ROW_COUNT();
  DELETE FROM w_op;
  SET v_places = GREATEST(v_places, ROW_COUNT());
  DELETE FROM w_user;
  SET v_places = GREATEST(v_places, ROW_COUNT());
  DELETE FROM w_account;
  SET v_places = GREATEST(v_places, ROW_COUNT());
  DELETE FROM w_item;
  DELETE FROM w_entry;
  DELETE FROM w_draw;
  IF v_places > 300 THEN
    -- w_line first, as it is made last: what a connection that is cut off in here lacks is made by its next call.
    DROP TEMPORARY TABLE IF EXISTS w_line, w_allowance, w_judge, w_running, w_op, w_source, w_user, w_account, w_item, w_entry, w_draw, w_grant_change;
    CALL LedgerWorkTables();
  END IF;
END
