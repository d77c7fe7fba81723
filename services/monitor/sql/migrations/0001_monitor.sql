-- What the events told about each user: the newest state, and which account versions have not been seen.
CREATE TABLE accounts (
  user_id            VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  version            BIGINT       NOT NULL DEFAULT 0,
  -- Ranges of account versions below `version` that never came, as JSON: [[from, to], …]; NULL: none.
  missing            TEXT         NULL,
  gap_since          DATETIME(3)  NULL,
  balance            BIGINT       NOT NULL DEFAULT 0,
  held               BIGINT       NOT NULL DEFAULT 0,
  account_status     VARCHAR(16)  CHARACTER SET ascii COLLATE ascii_bin NULL,
  credits_at         DATETIME(3)  NULL,
  membership_version BIGINT       NOT NULL DEFAULT 0,
  membership_status  VARCHAR(16)  CHARACTER SET ascii COLLATE ascii_bin NULL,
  tier               VARCHAR(64)  NULL,
  period_end         DATETIME(3)  NULL,
  ends_at            DATETIME(3)  NULL,
  PRIMARY KEY (user_id),
  KEY accounts_gap_since (gap_since),
  KEY accounts_membership (membership_status, tier)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Events that a window rule counts, by event time; the primary key makes each count once.
CREATE TABLE observations (
  rule        VARCHAR(64)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  subject     VARCHAR(255) NOT NULL,
  at_ms       BIGINT       NOT NULL,
  event_id    VARCHAR(64)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  amount      BIGINT       NOT NULL,
  -- When it was counted, not when it happened: a monitor that catches up with old events still needs them.
  recorded_at DATETIME(3)  NOT NULL,
  PRIMARY KEY (rule, subject, at_ms, event_id),
  KEY observations_recorded_at (recorded_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- One row from the first sign to the end. At most one that is not resolved for each fingerprint: that is what keeps
-- a flood of events one alert.
CREATE TABLE alerts (
  seq                BIGINT        NOT NULL AUTO_INCREMENT,
  id                 CHAR(36)      CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  fingerprint        VARCHAR(255)  NOT NULL,
  rule               VARCHAR(64)   CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  family             VARCHAR(16)   CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  -- 1 info, 2 warning, 3 critical; and the highest that was announced in an event.
  severity           TINYINT       NOT NULL,
  announced_severity TINYINT       NOT NULL DEFAULT 0,
  status             VARCHAR(16)   CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  user_id            VARCHAR(128)  CHARACTER SET ascii COLLATE ascii_bin NULL,
  first_seen_at      DATETIME(3)   NOT NULL,
  last_seen_at       DATETIME(3)   NOT NULL,
  -- add: events that made findings; peak: the most events any one window held.
  count_mode         VARCHAR(8)    CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  event_count        BIGINT        NOT NULL,
  evidence           JSON          NOT NULL,
  -- When it is over by itself unless it is seen again; NULL: only when its cause is gone, or by hand.
  recovers_at        DATETIME(3)   NULL,
  raised_at          DATETIME(3)   NOT NULL,
  acknowledged_at    DATETIME(3)   NULL,
  acknowledged_by    VARCHAR(255)  NULL,
  resolved_at        DATETIME(3)   NULL,
  resolved_by        VARCHAR(255)  NULL,
  resolution         VARCHAR(16)   CHARACTER SET ascii COLLATE ascii_bin NULL,
  note               VARCHAR(1000) NULL,
  active_fingerprint VARCHAR(255)  GENERATED ALWAYS AS (CASE WHEN status = 'resolved' THEN NULL ELSE fingerprint END) STORED,
  PRIMARY KEY (seq),
  UNIQUE KEY alerts_id (id),
  UNIQUE KEY alerts_active_fingerprint (active_fingerprint),
  KEY alerts_fingerprint (fingerprint, seq),
  KEY alerts_user (user_id, seq),
  KEY alerts_status (status, seq),
  KEY alerts_family (family, seq),
  KEY alerts_recovers_at (status, recovers_at),
  CONSTRAINT alerts_known_status CHECK (status IN ('open', 'acknowledged', 'resolved')),
  CONSTRAINT alerts_known_severity CHECK (severity BETWEEN 1 AND 3)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- How far each partition was read, and when its newest event happened.
CREATE TABLE stream_progress (
  topic         VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  partition_no  INT          NOT NULL,
  last_offset   BIGINT       NOT NULL,
  events        BIGINT       NOT NULL,
  last_event_at DATETIME(3)  NOT NULL,
  updated_at    DATETIME(3)  NOT NULL,
  PRIMARY KEY (topic, partition_no)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What moved, by day (UTC) and kind of event, for the overview.
CREATE TABLE daily_totals (
  day     DATE        NOT NULL,
  kind    VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  events  BIGINT      NOT NULL,
  amount  BIGINT      NOT NULL,
  PRIMARY KEY (day, kind)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The newest comparison of each account: credits' books against the status view.
CREATE TABLE account_checks (
  user_id         VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  checked_at      DATETIME(3)  NOT NULL,
  result          VARCHAR(16)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  -- Since when the view has been behind without a break.
  lagging_since   DATETIME(3)  NULL,
  credits_version BIGINT       NOT NULL,
  credits_balance BIGINT       NOT NULL,
  credits_held    BIGINT       NOT NULL,
  view_version    BIGINT       NULL,
  view_balance    BIGINT       NULL,
  view_held       BIGINT       NULL,
  problems        TEXT         NULL,
  PRIMARY KEY (user_id),
  KEY account_checks_checked_at (checked_at),
  KEY account_checks_result (result),
  CONSTRAINT account_checks_known_result CHECK (result IN ('equal', 'lagging', 'different'))
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Where the rolling check stands; it goes on there after a restart.
CREATE TABLE consistency_progress (
  id                 TINYINT      NOT NULL,
  after_user_id      VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NULL,
  pass_started_at    DATETIME(3)  NULL,
  pass_checked       BIGINT       NOT NULL DEFAULT 0,
  last_started_at    DATETIME(3)  NULL,
  last_finished_at   DATETIME(3)  NULL,
  last_checked       BIGINT       NULL,
  passes             BIGINT       NOT NULL DEFAULT 0,
  PRIMARY KEY (id),
  CONSTRAINT consistency_progress_single CHECK (id = 1)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

INSERT INTO consistency_progress (id) VALUES (1);
