-- Who stands behind a window over several members.
CREATE VIEW tally_members AS
SELECT rule, subject, bucket_ms, member, events, amount FROM tallies WHERE member <> ''
