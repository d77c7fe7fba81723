-- When the membership of this account has to be looked at again; NULL: not before it changes.
ALTER TABLE accounts
  ADD COLUMN inspect_at DATETIME(3) NULL,
  ADD KEY accounts_inspect_at (inspect_at);

-- Each version of a membership as the events told it, for the rules that compare promise and delivery.
CREATE TABLE member_terms (
  user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  version BIGINT       NOT NULL,
  at      DATETIME(3)  NOT NULL,
  fact    JSON         NOT NULL,
  PRIMARY KEY (user_id, version),
  KEY member_terms_at (at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Each allowance that was given: the ledger rows that serve an allowance period.
CREATE TABLE member_allowances (
  user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  -- The account's version after the row.
  version BIGINT       NOT NULL,
  at      DATETIME(3)  NOT NULL,
  fact    JSON         NOT NULL,
  PRIMARY KEY (user_id, version),
  KEY member_allowances_at (at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Sums by steps of event time, for rules that look at every change: one row a step however much happens in it.
CREATE TABLE tallies (
  rule       VARCHAR(64)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  subject    VARCHAR(255) NOT NULL,
  -- Beginning of the step, milliseconds since 1970.
  bucket_ms  BIGINT       NOT NULL,
  -- Whom it is about when a subject has several; else ''.
  member     VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  events     BIGINT       NOT NULL,
  amount     BIGINT       NOT NULL,
  marked     BIGINT       NOT NULL,
  -- When a rule that judges only what is over has to look; NULL: it has, or judges at once.
  settle_at  DATETIME(3)  NULL,
  keep_until DATETIME(3)  NOT NULL,
  PRIMARY KEY (rule, subject, bucket_ms, member),
  KEY tallies_settle_at (settle_at),
  KEY tallies_keep_until (keep_until)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What was seen of a subject before: an admin's addresses and devices.
CREATE TABLE known_values (
  rule     VARCHAR(64)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  subject  VARCHAR(255) NOT NULL,
  facet    VARCHAR(16)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  value    VARCHAR(255) NOT NULL,
  first_at DATETIME(3)  NOT NULL,
  last_at  DATETIME(3)  NOT NULL,
  told_at  DATETIME(3)  NULL,
  PRIMARY KEY (rule, subject, facet, value)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- One event that needs another to explain it, whichever comes first.
CREATE TABLE expectations (
  rule            VARCHAR(64)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  expectation_key VARCHAR(190) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  user_id         VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NULL,
  at              DATETIME(3)  NOT NULL,
  -- When it is missed; NULL: it was met, or told already.
  due_at          DATETIME(3)  NULL,
  met_at          DATETIME(3)  NULL,
  told_at         DATETIME(3)  NULL,
  evidence        JSON         NULL,
  PRIMARY KEY (rule, expectation_key),
  KEY expectations_due_at (due_at),
  KEY expectations_at (at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What is wrong with the machinery right now, and since when: a consumer that lags, an outbox that stands, dead letters.
CREATE TABLE signs (
  rule       VARCHAR(64)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  subject    VARCHAR(255) NOT NULL,
  since      DATETIME(3)  NOT NULL,
  seen_at    DATETIME(3)  NOT NULL,
  value      BIGINT       NOT NULL,
  PRIMARY KEY (rule, subject)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Every change of an alert that may be worth a notice, written in the transaction of the change.
CREATE TABLE alert_changes (
  id         BIGINT       NOT NULL AUTO_INCREMENT,
  alert_id   CHAR(36)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  change_kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  severity   TINYINT      NOT NULL,
  family     VARCHAR(16)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  -- The alert as it was then, as the events carry it.
  alert      JSON         NOT NULL,
  at         DATETIME(3)  NOT NULL,
  -- When it was decided who is told; NULL: not yet.
  routed_at  DATETIME(3)  NULL,
  PRIMARY KEY (id),
  KEY alert_changes_routed_at (routed_at, id),
  KEY alert_changes_alert (alert_id, id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- One message to one channel: an alert's change, or a digest of several. The unique key is what makes each decided once.
CREATE TABLE deliveries (
  id          BIGINT        NOT NULL AUTO_INCREMENT,
  -- The same at every attempt, so that a receiver can tell a repetition.
  delivery_id CHAR(36)      CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  channel     VARCHAR(64)   CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  -- change:<id of alert_changes>, digest:<end of its slot> or quiet:<end of the quiet hours>
  dedupe_key  VARCHAR(96)   CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  status      VARCHAR(16)   CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  attempts    INT           NOT NULL DEFAULT 0,
  -- The next attempt; while one is under way, when it counts as lost.
  next_at     DATETIME(3)   NOT NULL,
  last_error  VARCHAR(500)  NULL,
  created_at  DATETIME(3)   NOT NULL,
  finished_at DATETIME(3)   NULL,
  PRIMARY KEY (id),
  UNIQUE KEY deliveries_delivery_id (delivery_id),
  UNIQUE KEY deliveries_once (channel, dedupe_key),
  KEY deliveries_due (status, next_at),
  KEY deliveries_created_at (created_at),
  CONSTRAINT deliveries_known_status CHECK (status IN ('waiting', 'sent', 'failed'))
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE delivery_items (
  delivery_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  change_id   BIGINT   NOT NULL,
  PRIMARY KEY (delivery_id, change_id),
  KEY delivery_items_change (change_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
