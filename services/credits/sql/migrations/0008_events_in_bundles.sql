-- The ledger rows that an outbox row tells, as LedgerEnter wrote them: [[user id, version, and of a member: tier, monthly credits, what remains of the
-- allowance, next reset if there is one], …]. NULL in rows that tell one event. See docs/adr/0028.
ALTER TABLE outbox ADD COLUMN entries JSON NULL;
