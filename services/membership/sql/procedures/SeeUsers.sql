/*
NAME
  SeeUsers: make sure that the named users exist, and keep what is known of them.

SYNOPSIS
  CALL SeeUsers(in_users, in_now)

PARAMETERS
  in_users JSON   [{"userId", "email"?, "name"?, "terms"?: [{"source": "id"|"email"|"name", "term"}]}], 1 to 1,000,
                  one item a user, sorted by userId. An absent email or name changes nothing. "terms" are the folded
                  words by which the search finds the user; those of a changed email or name replace the old ones.
  in_now   DATETIME(3)  UTC; becomes first_seen_at of the new ones.

RETURNS
  One row: created, how many users were new.

ERRORS
  None of its own. A user that another transaction creates at the same moment is left to it.

LOCKS
  New rows, and rows whose email or name changes; nothing else is locked.

EXAMPLE
  CALL SeeUsers('[{"userId":"alice","email":"alice@example.com"}]', '2026-01-31 10:00:00.000')
*/
CREATE PROCEDURE SeeUsers(IN in_users JSON, IN in_now DATETIME(3))
MODIFIES SQL DATA
BEGIN
  DECLARE v_created BIGINT DEFAULT 0;

  INSERT INTO users (user_id, email, name, first_seen_at)
  SELECT i.user_id, i.email, i.name, in_now
    FROM JSON_TABLE(in_users, '$[*]' COLUMNS (
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           email VARCHAR(320) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.email',
           name VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.name')) i
    LEFT JOIN users u ON u.user_id = i.user_id
   WHERE u.user_id IS NULL
   ORDER BY i.user_id
      ON DUPLICATE KEY UPDATE user_id = users.user_id;
  SET v_created = ROW_COUNT();

  INSERT INTO member_balances (user_id, user_no, balance, held, account_status, version, told_at)
  SELECT u.user_id, u.user_no, 0, 0, 'active', 0, NULL
    FROM JSON_TABLE(in_users, '$[*]' COLUMNS (
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId')) i
    JOIN users u ON u.user_id = i.user_id
    LEFT JOIN member_balances b ON b.user_id = u.user_id
   WHERE b.user_id IS NULL
   ORDER BY u.user_id
      ON DUPLICATE KEY UPDATE user_id = member_balances.user_id;

  DELETE t
    FROM JSON_TABLE(in_users, '$[*]' COLUMNS (
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           email VARCHAR(320) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.email',
           name VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.name')) i
    STRAIGHT_JOIN users u ON u.user_id = i.user_id
    STRAIGHT_JOIN user_terms t ON t.user_no = u.user_no
   WHERE (t.source = 'email' AND i.email IS NOT NULL AND NOT (u.email <=> i.email))
      OR (t.source = 'name' AND i.name IS NOT NULL AND NOT (u.name <=> i.name));

  UPDATE JSON_TABLE(in_users, '$[*]' COLUMNS (
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           email VARCHAR(320) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.email',
           name VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.name')) i
    STRAIGHT_JOIN users u ON u.user_id = i.user_id
     SET u.email = COALESCE(i.email, u.email),
         u.name = COALESCE(i.name, u.name)
   WHERE (i.email IS NOT NULL AND NOT (u.email <=> i.email))
      OR (i.name IS NOT NULL AND NOT (u.name <=> i.name));

  INSERT INTO user_terms (term, user_no, source)
  SELECT DISTINCT i.term, u.user_no, i.source
    FROM JSON_TABLE(in_users, '$[*]' COLUMNS (
           user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
           NESTED PATH '$.terms[*]' COLUMNS (
             source VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin PATH '$.source',
             term VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.term'))) i
    JOIN users u ON u.user_id = i.user_id
    LEFT JOIN user_terms t ON t.term = i.term AND t.user_no = u.user_no AND t.source = i.source
   WHERE i.term IS NOT NULL AND t.term IS NULL
   ORDER BY i.term, u.user_no
      ON DUPLICATE KEY UPDATE user_no = user_terms.user_no;

  SELECT v_created AS created;
END
