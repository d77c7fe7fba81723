-- token_revocation_list: what is revoked, as the gateways and the admins read it.
CREATE VIEW token_revocation_list AS
SELECT seq, kind, subject, issued_until, stands_until, revocation_id, actor, reason, revoked_at
  FROM token_revocations
