-- When a grant ended is told by the ledger row that ended it; nobody read this copy. A value where NULL stood makes the row larger, so that
-- each reset moved rows from page to page: 45 µs instead of 18 for an update (MySQL 9.7).
ALTER TABLE credit_grants DROP COLUMN ended_at;
