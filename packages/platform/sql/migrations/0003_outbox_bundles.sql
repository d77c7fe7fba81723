-- How many events a row tells. More than one: a service's own view outbox_event unfolds it. See docs/adr/0028.
ALTER TABLE outbox ADD COLUMN events INT NOT NULL DEFAULT 1;

-- Events that can't be published, and all later ones of the same topic and subject, which wait behind them. Their outbox rows count as
-- published, so that nobody walks through what waits here. In place of outbox_failures, whose rows are still unpublished: the relay tries them
-- again and finds out. The version after this one drops outbox_failures and outbox.attempts: procedures of the one before may run meanwhile.
CREATE TABLE outbox_parked (
  outbox_id BIGINT NOT NULL,
  -- Which event of its row, from 1.
  place INT NOT NULL,
  topic VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  subject VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  -- failed: it can't be published; waiting: behind such a one; given_up: by a person, until the relay has seen to what waits behind it.
  state VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  -- Why it can't be published; NULL while it only waits.
  error VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  parked_at DATETIME(3) NOT NULL,
  PRIMARY KEY (outbox_id, place),
  KEY outbox_parked_subject (topic, subject, outbox_id, place),
  KEY outbox_parked_state (state, outbox_id, place)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
