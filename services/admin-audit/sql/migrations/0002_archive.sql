-- Where the log was cut: everything up to seq stands in an archive's file, which a row of the chain (action
-- audit.archive) names. The owner alone writes here: no procedure does, so the service can't.
CREATE TABLE audit_archive_cuts (
  seq         BIGINT       NOT NULL,
  hash        CHAR(64)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  file        VARCHAR(255) NOT NULL,
  recorded_at DATETIME(3)  NOT NULL,
  PRIMARY KEY (seq)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
