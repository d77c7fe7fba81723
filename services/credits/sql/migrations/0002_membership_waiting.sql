-- News of memberships that came before the news before them. They wait until the versions between have come, or for so long
-- that these are taken for lost; then they are applied and leave.
CREATE TABLE membership_waiting (
  user_id     VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  version     BIGINT NOT NULL,
  state       JSON NULL,
  occurred_at DATETIME(3) NOT NULL,
  traceparent VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
  received_at DATETIME(3) NOT NULL,
  PRIMARY KEY (user_id, version),
  KEY membership_waiting_since (received_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
