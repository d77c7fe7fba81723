-- NAME
--   SaveAccounts - write back what the events changed of these users
-- SYNOPSIS
--   CALL SaveAccounts(in_accounts)
-- PARAMETERS
--   in_accounts  JSON array, each user once, of {userId, version, missing|null, gapSince|null,
--                credits: {balance, held, status, at} | null (unchanged),
--                membership: {version, status|null, tier|null, periodEnd|null, endsAt|null} | null (unchanged)};
--                times 'YYYY-MM-DD HH:MM:SS.mmm' in UTC
-- RETURNS
--   nothing
-- ERRORS
--   none of its own
-- LOCKS
--   the users' rows of accounts (call LockAccounts first, in the same transaction)
-- EXAMPLE
--   CALL SaveAccounts('[{"userId": "alice", "version": 3, "missing": null, "gapSince": null,
--     "credits": {"balance": 250, "held": 0, "status": "active", "at": "2026-01-31 00:00:00.000"}, "membership": null}]');
CREATE PROCEDURE SaveAccounts(IN in_accounts JSON)
  MODIFIES SQL DATA
BEGIN
  UPDATE accounts AS a
  JOIN JSON_TABLE(in_accounts, '$[*]' COLUMNS (
         user_id            VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.userId',
         version            BIGINT PATH '$.version',
         missing            TEXT CHARACTER SET utf8mb4 PATH '$.missing',
         gap_since          DATETIME(3) PATH '$.gapSince',
         balance            BIGINT PATH '$.credits.balance',
         held               BIGINT PATH '$.credits.held',
         account_status     VARCHAR(16) CHARACTER SET ascii PATH '$.credits.status',
         credits_at         DATETIME(3) PATH '$.credits.at',
         membership_version BIGINT PATH '$.membership.version',
         membership_status  VARCHAR(16) CHARACTER SET ascii PATH '$.membership.status',
         tier               VARCHAR(64) CHARACTER SET utf8mb4 PATH '$.membership.tier',
         period_end         DATETIME(3) PATH '$.membership.periodEnd',
         ends_at            DATETIME(3) PATH '$.membership.endsAt')) AS item ON item.user_id = a.user_id
  SET a.version = item.version,
      a.missing = item.missing,
      a.gap_since = item.gap_since,
      a.balance = COALESCE(item.balance, a.balance),
      a.held = COALESCE(item.held, a.held),
      a.account_status = COALESCE(item.account_status, a.account_status),
      a.credits_at = COALESCE(item.credits_at, a.credits_at),
      a.membership_status = CASE WHEN item.membership_version IS NULL THEN a.membership_status ELSE item.membership_status END,
      a.tier = CASE WHEN item.membership_version IS NULL THEN a.tier ELSE item.tier END,
      a.period_end = CASE WHEN item.membership_version IS NULL THEN a.period_end ELSE item.period_end END,
      a.ends_at = CASE WHEN item.membership_version IS NULL THEN a.ends_at ELSE item.ends_at END,
      a.membership_version = COALESCE(item.membership_version, a.membership_version);
END
