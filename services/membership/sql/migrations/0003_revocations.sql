-- Tokens that the gateways refuse before they expire. issued_until, stands_until and revoked_at are of the real clock,
-- as tokens are judged by it. A row is deleted when it has run out, by whoever writes the next one.
CREATE TABLE token_revocations (
  kind          ENUM('user','token') CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  -- A user id, or a token's jti.
  subject       VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  -- Numbered by revocation_head, so that whoever has read up to a number has missed nothing below it.
  seq           BIGINT NOT NULL,
  issued_until  DATETIME(3) NOT NULL,
  stands_until  DATETIME(3) NOT NULL,
  -- The act that wrote the row last.
  revocation_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  actor         VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  reason        VARCHAR(1000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  revoked_at    DATETIME(3) NOT NULL,
  PRIMARY KEY (kind, subject),
  UNIQUE KEY token_revocations_by_seq (seq),
  KEY token_revocations_run_out (stands_until)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The number of the newest revocation. Every writer locks this one row until its commit: an AUTO_INCREMENT would become
-- visible out of order, and a gateway that reads on from the newest it knows would miss one for ever.
CREATE TABLE revocation_head (
  head_id TINYINT NOT NULL,
  seq     BIGINT NOT NULL,
  PRIMARY KEY (head_id),
  CONSTRAINT revocation_head_is_one CHECK (head_id = 1)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

INSERT INTO revocation_head (head_id, seq) VALUES (1, 0);
