-- Users, tiers and memberships. Times are UTC; amounts are whole credits.

-- Everybody who was ever named: by a valid token, an admin, a service or an event.
CREATE TABLE users (
  user_id            VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  -- Order of appearance: the lists are newest first, and their cursors stand on it.
  user_no            BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  email              VARCHAR(320) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  name               VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  -- Rises by one with every change of this user's membership; 0 = never a member. It outlives the single membership.
  membership_version BIGINT NOT NULL DEFAULT 0,
  first_seen_at      DATETIME(3) NOT NULL,
  PRIMARY KEY (user_id),
  UNIQUE KEY users_by_no (user_no)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What the admin search finds a user by: folded words of id, e-mail and name, matched by prefix.
CREATE TABLE user_terms (
  term    VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  user_no BIGINT UNSIGNED NOT NULL,
  source  ENUM('id','email','name') CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  PRIMARY KEY (term, user_no, source),
  KEY user_terms_by_user (user_no, term)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What can be joined today. Members carry a copy of the terms they agreed to, so a row may be edited freely.
CREATE TABLE membership_tiers (
  tier            VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  display_name    VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  monthly_credits BIGINT NOT NULL,
  -- A higher rank is an upgrade.
  tier_rank       INT NOT NULL,
  anchor          ENUM('calendar','anniversary') CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  first_period    ENUM('full','prorated') CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  rollover_cap    BIGINT NOT NULL,
  on_expiry       ENUM('keep','forfeit') CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  features        JSON NOT NULL,
  -- 0 = retired: nobody new may join, members keep what they have.
  offered         TINYINT(1) NOT NULL,
  version         BIGINT NOT NULL,
  change_id       CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  updated_at      DATETIME(3) NOT NULL,
  PRIMARY KEY (tier),
  CONSTRAINT tier_credits_in_bounds CHECK (monthly_credits BETWEEN 0 AND 1000000000),
  CONSTRAINT tier_rollover_in_bounds CHECK (rollover_cap BETWEEN 0 AND 1000000000)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

INSERT INTO membership_tiers
  (tier, display_name, monthly_credits, tier_rank, anchor, first_period, rollover_cap, on_expiry, features, offered,
   version, change_id, updated_at)
VALUES
  ('lite', 'Lite', 100, 10, 'calendar', 'full', 0, 'keep', '["100 credits a month"]', 1,
   1, '00000000-0000-7000-8000-000000000001', '2026-01-01 00:00:00.000'),
  ('pro', 'Pro', 250, 20, 'calendar', 'full', 0, 'keep', '["250 credits a month"]', 1,
   1, '00000000-0000-7000-8000-000000000002', '2026-01-01 00:00:00.000'),
  ('premium', 'Premium', 600, 30, 'calendar', 'full', 0, 'keep', '["600 credits a month"]', 1,
   1, '00000000-0000-7000-8000-000000000003', '2026-01-01 00:00:00.000');

-- One row a membership. The newest of a user is the current one, whether it is active or has ended; older ones stay.
CREATE TABLE memberships (
  membership_id           CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  user_id                 VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  user_no                 BIGINT UNSIGNED NOT NULL,
  -- 1 for the current one, NULL for those before it: the unique key below allows one current row a user.
  is_current              TINYINT(1) NULL,
  -- users.membership_version when this row last changed, and the change that did it.
  version                 BIGINT NOT NULL,
  change_id               CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  status                  ENUM('active','cancelled','expired','ended') CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  cycle                   ENUM('monthly','yearly') CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  -- The agreed terms, copied from the tier.
  tier                    VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  monthly_credits         BIGINT NOT NULL,
  tier_rank               INT NOT NULL,
  anchor                  ENUM('calendar','anniversary') CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  first_period            ENUM('full','prorated') CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  rollover_cap            BIGINT NOT NULL,
  on_expiry               ENUM('keep','forfeit') CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  -- What takes over when the membership period ends (a scheduled downgrade); all NULL when nothing does.
  pending_tier            VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
  pending_monthly_credits BIGINT NULL,
  pending_tier_rank       INT NULL,
  pending_anchor          ENUM('calendar','anniversary') CHARACTER SET ascii COLLATE ascii_bin NULL,
  pending_first_period    ENUM('full','prorated') CHARACTER SET ascii COLLATE ascii_bin NULL,
  pending_rollover_cap    BIGINT NULL,
  pending_on_expiry       ENUM('keep','forfeit') CHARACTER SET ascii COLLATE ascii_bin NULL,
  pending_cycle           ENUM('monthly','yearly') CHARACTER SET ascii COLLATE ascii_bin NULL,
  -- The join day; every period boundary is counted from it.
  started_at              DATETIME(3) NOT NULL,
  period_start            DATETIME(3) NOT NULL,
  -- Exclusive, like every end here.
  period_end              DATETIME(3) NOT NULL,
  expires_at              DATETIME(3) NULL,
  cancel_at_period_end    TINYINT(1) NOT NULL,
  ended_at                DATETIME(3) NULL,
  -- When the present end (ends_at) was agreed: a reminder whose day had passed by then is not sent.
  end_agreed_at           DATETIME(3) NULL,
  updated_at              DATETIME(3) NOT NULL,
  -- When something has to happen to this row by itself: it renews, is cancelled, or expires.
  due_at                  DATETIME(3) GENERATED ALWAYS AS (
    CASE WHEN status <> 'active' THEN NULL
         WHEN expires_at IS NOT NULL AND expires_at < period_end THEN expires_at
         ELSE period_end END) STORED,
  -- When it stops for good, as agreed so far; NULL while it renews without end.
  ends_at                 DATETIME(3) GENERATED ALWAYS AS (
    CASE WHEN status <> 'active' THEN NULL
         WHEN cancel_at_period_end = 1 AND (expires_at IS NULL OR period_end < expires_at) THEN period_end
         ELSE expires_at END) STORED,
  PRIMARY KEY (membership_id),
  UNIQUE KEY memberships_one_current (user_id, is_current),
  KEY memberships_due (due_at),
  KEY memberships_ending (ends_at),
  KEY memberships_by_status (is_current, status, user_no),
  KEY memberships_by_tier (is_current, status, tier, user_no),
  CONSTRAINT memberships_user FOREIGN KEY (user_id) REFERENCES users (user_id),
  CONSTRAINT memberships_current_or_null CHECK (is_current = 1),
  CONSTRAINT memberships_period_forward CHECK (period_start < period_end),
  CONSTRAINT memberships_closed_has_end CHECK ((status = 'active') = (ended_at IS NULL)),
  CONSTRAINT memberships_past_is_closed CHECK (is_current IS NOT NULL OR status <> 'active')
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Every change of every membership, with the whole state after it, as it was told to the other services. Append-only.
CREATE TABLE membership_history (
  user_id       VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  version       BIGINT NOT NULL,
  -- Also the id of the event that told it.
  change_id     CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  membership_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  change_kind   VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  actor         VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  reason        VARCHAR(1000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  -- stipend.membership.v1.Membership as proto-JSON.
  state         JSON NOT NULL,
  occurred_at   DATETIME(3) NOT NULL,
  PRIMARY KEY (user_id, version),
  UNIQUE KEY membership_history_change (change_id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The first answer to a request that carried an Idempotency-Key. Kept for ever.
CREATE TABLE membership_requests (
  user_id      VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  operation    VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  request_key  VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  request_hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  response     JSON NOT NULL,
  created_at   DATETIME(3) NOT NULL,
  PRIMARY KEY (user_id, operation, request_key)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The reminders before an end, each once for a membership, its end and the number of days before it.
CREATE TABLE membership_reminders (
  membership_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  ends_at       DATETIME(3) NOT NULL,
  days_left     INT NOT NULL,
  -- The run that wrote it. Runs overlap on many instances; the row belongs to the first.
  run_id        CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  -- 0 = overtaken: the machine was off, and a nearer reminder was due as well.
  sent          TINYINT(1) NOT NULL,
  created_at    DATETIME(3) NOT NULL,
  PRIMARY KEY (membership_id, ends_at, days_left)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The balance of each account as the credits events told it; a copy, set only forward by version. Every user has a row:
-- version 0 says that credits has not told of the account yet.
CREATE TABLE member_balances (
  user_id        VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  user_no        BIGINT UNSIGNED NOT NULL,
  balance        BIGINT NOT NULL,
  held           BIGINT NOT NULL,
  account_status ENUM('active','frozen') CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  version        BIGINT NOT NULL,
  told_at        DATETIME(3) NULL,
  PRIMARY KEY (user_id),
  KEY member_balances_by_balance (balance, user_no)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
