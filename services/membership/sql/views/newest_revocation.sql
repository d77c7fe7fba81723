-- newest_revocation: the number of the newest revocation, run out or not; 0 before the first.
CREATE VIEW newest_revocation AS
SELECT seq
  FROM revocation_head
