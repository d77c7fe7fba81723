-- Events written in the transaction of the change they tell of, until the relay has published them.
CREATE TABLE outbox (
  id BIGINT NOT NULL AUTO_INCREMENT,
  event_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  -- Logical name ("membership.v1"); the relay puts the prefix of the installation before it.
  topic VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  -- Full name of the Protobuf message, e.g. stipend.membership.v1.MembershipChanged.
  type VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  -- User id; the Kafka key, hence what order is promised for.
  subject VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  occurred_at DATETIME(3) NOT NULL,
  -- proto3 JSON of the message.
  payload JSON NOT NULL,
  traceparent VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
  attempts INT NOT NULL DEFAULT 0,
  last_error VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  published_at DATETIME(3) NULL,
  PRIMARY KEY (id),
  UNIQUE KEY outbox_event (event_id),
  KEY outbox_unpublished (published_at, id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Outbox rows that cannot be encoded. Kept beside the outbox, so that the hot path carries no index for them.
-- Each holds back the later rows of its topic and subject until it is repaired (OutboxRetry) or given up (OutboxSkip).
CREATE TABLE outbox_failures (
  outbox_id BIGINT NOT NULL,
  topic VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  subject VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  failed_at DATETIME(3) NOT NULL,
  PRIMARY KEY (outbox_id),
  KEY outbox_failures_subject (topic, subject, outbox_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Events this service has applied, by consumer: what makes a second delivery harmless.
CREATE TABLE inbox (
  consumer VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  event_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  received_at DATETIME(3) NOT NULL,
  -- Tells the call that wrote the row from a concurrent one that met it.
  claim BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (consumer, event_id),
  KEY inbox_received (received_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
