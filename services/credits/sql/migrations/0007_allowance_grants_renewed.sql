-- A reset fills the allowance's grant anew instead of ending it and making another. See docs/adr/0029.
-- The row that filled it last; 0: none has, it is as origin_version made it. What was drawn before that row can't come back to it.
-- Not NULL, as a value where NULL stood would make the row larger with its first renewal.
ALTER TABLE credit_grants ADD COLUMN renewed_version BIGINT NOT NULL DEFAULT 0;
