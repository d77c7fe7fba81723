-- The number and the hash of the last row, as the appends left them.
CREATE VIEW audit_chain_state AS
SELECT seq, hash FROM audit_chain_head WHERE id = 1
