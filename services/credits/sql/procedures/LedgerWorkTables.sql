-- NAME
--   LedgerWorkTables: makes the temporary work tables of this connection. Internal; see LedgerBegin.
-- SYNOPSIS
--   CALL LedgerWorkTables();
CREATE PROCEDURE LedgerWorkTables()
BEGIN
  CREATE TEMPORARY TABLE w_user (
    user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    PRIMARY KEY (user_id) USING BTREE
  ) ENGINE = MEMORY;

  CREATE TEMPORARY TABLE w_account (
    user_id             VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    version             BIGINT NOT NULL,
    balance             BIGINT NOT NULL,
    held                BIGINT NOT NULL,
    status              VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    allowance_remaining BIGINT NOT NULL,
    tier                VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    monthly_credits     BIGINT NULL,
    next_reset_at       DATETIME(3) NULL,
    due_at              DATETIME(3) NULL,
    lapse_at            DATETIME(3) NULL,
    low_threshold       BIGINT NULL,
    is_low              TINYINT NOT NULL,
    served_start        DATETIME(3) NULL,
    served_end          DATETIME(3) NULL,
    served_given        BIGINT NOT NULL,
    last_at             DATETIME(3) NOT NULL,
    PRIMARY KEY (user_id)
  ) ENGINE = MEMORY;

  CREATE TEMPORARY TABLE w_item (
    ord          INT NOT NULL,
    user_id      VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NULL,
    amount       BIGINT NULL,
    request_key  VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NULL,
    request_hash VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    -- The transaction or hold it names.
    target_id    BIGINT NULL,
    -- Its place among the undecided operations of one account (or one target).
    turn         INT NOT NULL DEFAULT 1,
    -- NULL = not judged yet.
    verdict      VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL,
    -- The operation of this batch it repeats.
    first_ord    INT NULL,
    -- The ledger row that answers it.
    tx_version   BIGINT NULL,
    required     BIGINT NULL,
    available    BIGINT NULL,
    refundable   BIGINT NULL,
    code         VARCHAR(191) CHARACTER SET ascii COLLATE ascii_bin NULL,
    priority     INT NULL,
    starts_at    DATETIME(3) NULL,
    ends_at      DATETIME(3) NULL,
    flag         TINYINT NOT NULL DEFAULT 0,
    PRIMARY KEY (ord),
    KEY (user_id)
  ) ENGINE = MEMORY;

  CREATE TEMPORARY TABLE w_entry (
    seq          INT NOT NULL,
    ord          INT NULL,
    user_id      VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    type         VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    amount       BIGINT NOT NULL,
    held_change  BIGINT NOT NULL DEFAULT 0,
    set_status   VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NULL,
    related_id   BIGINT NULL,
    hold_id      BIGINT NULL,
    hold_end     VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NULL,
    hold_until   DATETIME(3) NULL,
    grant_id     BIGINT NULL,
    new_kind     VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL,
    new_amount   BIGINT NULL,
    new_priority SMALLINT NULL,
    new_until    DATETIME(3) NULL,
    period_start DATETIME(3) NULL,
    operation    VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    own_key      VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    own_reason   VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    PRIMARY KEY (seq)
  ) ENGINE = MEMORY;

  CREATE TEMPORARY TABLE w_draw (
    seq       INT NOT NULL,
    place     BIGINT NOT NULL,
    grant_id  BIGINT NOT NULL,
    kind      VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    change_by BIGINT NOT NULL,
    reserve   BIGINT NOT NULL,
    -- The grant lapses with it.
    ends      TINYINT NOT NULL DEFAULT 0,
    -- The entry makes this grant: nothing to update.
    fresh     TINYINT NOT NULL DEFAULT 0,
    KEY (seq)
  ) ENGINE = MEMORY;

  CREATE TEMPORARY TABLE w_post (
    seq             INT NOT NULL,
    ord             INT NULL,
    user_id         VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    version         BIGINT NOT NULL,
    type            VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    amount          BIGINT NOT NULL,
    balance_after   BIGINT NOT NULL,
    held_change     BIGINT NOT NULL,
    held_after      BIGINT NOT NULL,
    status_after    VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    allowance_after BIGINT NOT NULL,
    low_before      TINYINT NOT NULL,
    low_after       TINYINT NOT NULL,
    threshold       BIGINT NOT NULL,
    is_last         TINYINT NOT NULL,
    lapse_at        DATETIME(3) NULL,
    created_at      DATETIME(3) NOT NULL,
    related_id      BIGINT NULL,
    hold_id         BIGINT NULL,
    hold_end        VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NULL,
    hold_until      DATETIME(3) NULL,
    grant_id        BIGINT NULL,
    new_kind        VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL,
    new_amount      BIGINT NULL,
    new_priority    SMALLINT NULL,
    new_until       DATETIME(3) NULL,
    period_start    DATETIME(3) NULL,
    operation       VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    own_key         VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    own_reason      VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    PRIMARY KEY (seq),
    KEY (ord)
  ) ENGINE = MEMORY;

  CREATE TEMPORARY TABLE w_judge (
    ord      INT NOT NULL,
    verdict  VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL,
    first_ord INT NULL,
    figure   BIGINT NULL,
    tx_version BIGINT NULL,
    PRIMARY KEY (ord)
  ) ENGINE = MEMORY;
END
