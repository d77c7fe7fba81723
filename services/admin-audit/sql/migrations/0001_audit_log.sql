-- What privileged people did, one row an action. Rows are numbered from 1 without gaps and each carries the hash of
-- the one before it. Text is kept exactly as it came (before_json and after_json are TEXT, not JSON: MySQL would
-- reorder a JSON document's keys and the hash of an untouched row would no longer fit).
CREATE TABLE admin_operation_logs (
  seq           BIGINT        NOT NULL,
  action_id     VARCHAR(64)   CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  service       VARCHAR(32)   CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  actor         VARCHAR(255)  NOT NULL,
  roles_json    VARCHAR(1000) NOT NULL,
  action        VARCHAR(64)   NOT NULL,
  target        VARCHAR(255)  NOT NULL,
  outcome       VARCHAR(16)   CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  reason        VARCHAR(1000) NOT NULL,
  before_json   MEDIUMTEXT    NULL,
  after_json    MEDIUMTEXT    NULL,
  ip            VARCHAR(64)   NOT NULL,
  user_agent    VARCHAR(512)  NOT NULL,
  request_id    VARCHAR(128)  NOT NULL,
  trace_id      VARCHAR(64)   NOT NULL,
  occurred_at   DATETIME(3)   NOT NULL,
  recorded_at   DATETIME(3)   NOT NULL,
  prev_hash     CHAR(64)      CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  hash          CHAR(64)      CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  PRIMARY KEY (seq),
  UNIQUE KEY admin_operation_logs_action_id (action_id),
  KEY admin_operation_logs_actor (actor, seq),
  KEY admin_operation_logs_target (target, seq),
  KEY admin_operation_logs_action (action, seq),
  KEY admin_operation_logs_ip (ip, seq),
  KEY admin_operation_logs_occurred_at (occurred_at),
  CONSTRAINT admin_operation_logs_outcome CHECK (outcome IN ('succeeded', 'refused'))
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The end of the chain: the lock every append takes, and what the next row has to link to.
CREATE TABLE audit_chain_head (
  id    TINYINT  NOT NULL,
  seq   BIGINT   NOT NULL,
  hash  CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT audit_chain_head_single CHECK (id = 1)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

INSERT INTO audit_chain_head (id, seq, hash) VALUES (1, 0, REPEAT('0', 64));
