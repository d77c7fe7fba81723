-- Members by tier and status, as the events told.
CREATE VIEW membership_summary AS
SELECT tier, membership_status, COUNT(*) AS members
FROM accounts WHERE membership_status IS NOT NULL GROUP BY tier, membership_status
