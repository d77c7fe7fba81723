-- The ledger of credits. Amounts are whole credits (BIGINT). Moments are UTC with milliseconds. User ids are compared
-- byte for byte (ascii_bin): a collation that folds case or trailing blanks would let one account act on another.

-- One account for each user who was ever named. balance, held and version are the running totals of
-- credit_transactions; every procedure locks this row before it looks at anything else of the account.
CREATE TABLE profiles (
  user_id             VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  -- Rises by one with every row of credit_transactions of this account.
  version             BIGINT NOT NULL DEFAULT 0,
  balance             BIGINT NOT NULL DEFAULT 0,
  -- Reserved by open holds; part of the balance.
  held                BIGINT NOT NULL DEFAULT 0,
  status              ENUM('active', 'frozen') NOT NULL DEFAULT 'active',
  -- Σ remaining of the open allowance grants.
  allowance_remaining BIGINT NOT NULL DEFAULT 0,
  -- What the account shows of its membership; NULL for non-members.
  tier                VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
  monthly_credits     BIGINT NULL,
  next_reset_at       DATETIME(3) NULL,
  -- When TypeScript has to plan the allowance again; NULL = never.
  due_at              DATETIME(3) NULL,
  -- The allowance period served last and what was given for it in total.
  served_start        DATETIME(3) NULL,
  served_end          DATETIME(3) NULL,
  served_given        BIGINT NOT NULL DEFAULT 0,
  -- No grant or hold of this account ends before this moment; NULL = none ever does. It may be too early, never too late.
  lapse_at            DATETIME(3) NULL,
  -- NULL = a tenth of monthly_credits; 0 = off.
  low_threshold       BIGINT NULL,
  is_low              TINYINT NOT NULL DEFAULT 0,
  created_at          DATETIME(3) NOT NULL,
  -- Of the newest ledger row; created_at of rows never goes back within an account.
  last_at             DATETIME(3) NOT NULL,
  PRIMARY KEY (user_id),
  KEY profiles_due (due_at),
  KEY profiles_lapse (lapse_at),
  CONSTRAINT profiles_user_id CHECK (user_id REGEXP '^[A-Za-z0-9_.@|:-]+$'),
  CONSTRAINT profiles_balance CHECK (balance >= 0),
  CONSTRAINT profiles_held CHECK (held >= 0 AND held <= balance),
  CONSTRAINT profiles_allowance CHECK (allowance_remaining >= 0 AND allowance_remaining <= balance)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Lots of credits. Σ remaining over all grants of an account = its balance, Σ reserved = its held.
CREATE TABLE credit_grants (
  id             BIGINT NOT NULL AUTO_INCREMENT,
  user_id        VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  -- The version of the ledger row that made it.
  origin_version BIGINT NOT NULL,
  kind           ENUM('allowance', 'package', 'bonus', 'purchase', 'refund', 'adjustment') NOT NULL,
  -- open: credits are left. spent: none left, a refund opens it again. ended: lapsed for good. ending: lapsed but for what
  -- open holds still reserve; that goes when they end.
  state          ENUM('open', 'spent', 'ending', 'ended') NOT NULL DEFAULT 'open',
  amount         BIGINT NOT NULL,
  remaining      BIGINT NOT NULL,
  -- Part of remaining that open holds keep.
  reserved       BIGINT NOT NULL DEFAULT 0,
  -- Lower is spent first.
  priority       SMALLINT NOT NULL,
  expires_at     DATETIME(3) NULL,
  created_at     DATETIME(3) NOT NULL,
  ended_at       DATETIME(3) NULL,
  PRIMARY KEY (id),
  UNIQUE KEY credit_grants_origin (user_id, origin_version),
  KEY credit_grants_state (user_id, state),
  CONSTRAINT credit_grants_amount CHECK (amount > 0),
  CONSTRAINT credit_grants_remaining CHECK (remaining >= 0),
  CONSTRAINT credit_grants_reserved CHECK (reserved >= 0 AND reserved <= remaining),
  CONSTRAINT credit_grants_priority CHECK (priority BETWEEN 0 AND 1000)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The ledger. One row for each change of balance, held or status; append-only (triggers refuse UPDATE and DELETE even for the
-- owner). The idempotency key stands in the row itself: while the row exists, so does the answer.
CREATE TABLE credit_transactions (
  id                     BIGINT NOT NULL AUTO_INCREMENT,
  user_id                VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  version                BIGINT NOT NULL,
  type                   ENUM('consume', 'refund', 'grant', 'reset', 'expire', 'hold', 'release', 'adjust', 'freeze', 'unfreeze') NOT NULL,
  -- Signed change of the balance.
  amount                 BIGINT NOT NULL,
  balance_before         BIGINT NOT NULL,
  balance_after          BIGINT NOT NULL,
  held_change            BIGINT NOT NULL,
  held_after             BIGINT NOT NULL,
  status_after           ENUM('active', 'frozen') NOT NULL,
  -- What the row did to each grant: [{"g": grant id, "k": kind, "c": signed change of remaining, "r": signed change of reserved}], in the order of drawing. Σ c = amount, Σ r = held_change.
  draws                  JSON NOT NULL,
  reason                 VARCHAR(500) NOT NULL,
  feature                VARCHAR(64) NULL,
  metadata               JSON NULL,
  actor                  VARCHAR(128) NOT NULL,
  related_transaction_id BIGINT NULL,
  hold_id                BIGINT NULL,
  grant_id               BIGINT NULL,
  grant_kind             VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL,
  operation              VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  request_key            VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NULL,
  request_hash           VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
  period_start           DATETIME(3) NULL,
  traceparent            VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
  created_at             DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY credit_transactions_version (user_id, version),
  UNIQUE KEY credit_transactions_request (user_id, operation, request_key),
  KEY credit_transactions_related (related_transaction_id),
  CONSTRAINT credit_transactions_sum CHECK (balance_after = balance_before + amount),
  CONSTRAINT credit_transactions_sound CHECK (balance_after >= 0 AND held_after >= 0 AND held_after <= balance_after)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Reservations. What each keeps of which grant stands in the draws of its ledger row (user_id, origin_version).
CREATE TABLE credit_holds (
  id                     BIGINT NOT NULL AUTO_INCREMENT,
  user_id                VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  origin_version         BIGINT NOT NULL,
  status                 ENUM('open', 'captured', 'released', 'expired') NOT NULL DEFAULT 'open',
  amount                 BIGINT NOT NULL,
  captured               BIGINT NOT NULL DEFAULT 0,
  expires_at             DATETIME(3) NOT NULL,
  -- Of the hold; its capture and release inherit what they do not say themselves.
  reason                 VARCHAR(500) NOT NULL,
  feature                VARCHAR(64) NULL,
  metadata               JSON NULL,
  actor                  VARCHAR(128) NOT NULL,
  created_at             DATETIME(3) NOT NULL,
  ended_at               DATETIME(3) NULL,
  -- Version of the ledger row that ended it.
  end_version            BIGINT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY credit_holds_origin (user_id, origin_version),
  KEY credit_holds_status (user_id, status),
  CONSTRAINT credit_holds_amount CHECK (amount > 0 AND captured BETWEEN 0 AND amount)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The catalogue.
CREATE TABLE credit_packages (
  code                VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  name                VARCHAR(200) NOT NULL,
  credits             BIGINT NOT NULL,
  price_minor         BIGINT NOT NULL,
  currency            CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  valid_days          INT NULL,
  priority            SMALLINT NOT NULL,
  requires_membership TINYINT NOT NULL DEFAULT 1,
  active              TINYINT NOT NULL DEFAULT 1,
  version             BIGINT NOT NULL DEFAULT 1,
  updated_at          DATETIME(3) NOT NULL,
  PRIMARY KEY (code),
  CONSTRAINT credit_packages_credits CHECK (credits BETWEEN 1 AND 1000000000),
  CONSTRAINT credit_packages_price CHECK (price_minor >= 0),
  CONSTRAINT credit_packages_days CHECK (valid_days IS NULL OR valid_days BETWEEN 1 AND 36500),
  CONSTRAINT credit_packages_priority CHECK (priority BETWEEN 0 AND 1000)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

INSERT INTO credit_packages (code, name, credits, price_minor, currency, valid_days, priority, requires_membership, active, version, updated_at) VALUES
  ('pack-100', '100 credits', 100, 500, 'USD', NULL, 50, 1, 1, 1, '2026-01-01 00:00:00.000'),
  ('pack-500', '500 credits', 500, 2000, 'USD', NULL, 50, 1, 1, 1, '2026-01-01 00:00:00.000'),
  ('starter-50', '50 credits to try', 50, 300, 'USD', 90, 40, 0, 1, 1, '2026-01-01 00:00:00.000');

-- Each payment buys once, over all accounts and for ever.
CREATE TABLE package_purchases (
  payment_reference   VARCHAR(191) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  user_id             VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  code                VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  -- Which call of the procedure took it, and for which of its operations.
  claim               CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  claim_ord           INT NOT NULL,
  -- Version of the ledger row of the grant.
  transaction_version BIGINT NULL,
  created_at          DATETIME(3) NOT NULL,
  PRIMARY KEY (payment_reference)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The newest state of each membership as its events told it. SQL reads only version and active_until.
CREATE TABLE membership_state (
  user_id      VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  version      BIGINT NOT NULL,
  state        JSON NULL,
  -- A member until then (exclusive); NULL = not a member.
  active_until DATETIME(3) NULL,
  received_at  DATETIME(3) NOT NULL,
  PRIMARY KEY (user_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The months of yearly memberships: twelve rows a membership year, one given a month.
CREATE TABLE yearly_member_credits (
  user_id             VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  period_start        DATETIME(3) NOT NULL,
  period_end          DATETIME(3) NOT NULL,
  month               TINYINT NOT NULL,
  amount              BIGINT NOT NULL,
  -- skipped: passed without being given (the machine was off). cancelled: the membership ended or is no longer yearly.
  status              ENUM('scheduled', 'given', 'skipped', 'cancelled') NOT NULL DEFAULT 'scheduled',
  -- What the ledger gave for it, less than amount when part had been given before for the same time.
  given_amount        BIGINT NULL,
  transaction_version BIGINT NULL,
  PRIMARY KEY (user_id, period_start),
  CONSTRAINT yearly_member_credits_month CHECK (month BETWEEN 1 AND 12),
  CONSTRAINT yearly_member_credits_amount CHECK (amount >= 0)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
