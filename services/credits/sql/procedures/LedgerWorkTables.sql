-- NAME
--   LedgerWorkTables: makes the temporary work tables of this connection (described in LedgerBegin). Internal.
-- SYNOPSIS
--   CALL LedgerWorkTables();
CREATE PROCEDURE LedgerWorkTables()
BEGIN
  CREATE TEMPORARY TABLE IF NOT EXISTS w_op (
    ord             INT NOT NULL,
    user_id         VARCHAR(129) CHARACTER SET ascii COLLATE ascii_bin NULL,
    amount          BIGINT NULL,
    ttl             BIGINT NULL,
    request_key     VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NULL,
    request_hash    VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    reason          VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    feature         VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    actor           VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    traceparent     VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    -- 1: its metadata stands in w_doc.
    has_metadata    TINYINT NOT NULL DEFAULT 0,
    -- The transaction or hold it names.
    target_id       BIGINT NULL,
    -- Kind of grant, action, or code of a package.
    code            VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    reference       VARCHAR(192) CHARACTER SET ascii COLLATE ascii_bin NULL,
    priority        INT NULL,
    starts_at       DATETIME(3) NULL,
    ends_at         DATETIME(3) NULL,
    flag            VARCHAR(5) CHARACTER SET ascii COLLATE ascii_bin NULL,
    membership_version BIGINT NULL,
    rollover        BIGINT NULL,
    missed          BIGINT NULL,
    due_at          DATETIME(3) NULL,
    tier            VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    monthly_credits BIGINT NULL,
    next_reset_at   DATETIME(3) NULL,
    PRIMARY KEY (ord)
  ) ENGINE = MEMORY;

  CREATE TEMPORARY TABLE IF NOT EXISTS w_source (
    id       BIGINT NOT NULL,
    place    INT NOT NULL,
    grant_id BIGINT NOT NULL,
    kind     VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    amount   BIGINT NOT NULL
  ) ENGINE = MEMORY;

  CREATE TEMPORARY TABLE IF NOT EXISTS w_month (
    ord       INT NOT NULL,
    month     INT NULL,
    starts_at DATETIME(3) NULL,
    ends_at   DATETIME(3) NULL,
    amount    BIGINT NULL
  ) ENGINE = MEMORY;

  CREATE TEMPORARY TABLE IF NOT EXISTS w_package (
    ord                 INT NOT NULL,
    code                VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    name                VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    credits             BIGINT NULL,
    price_minor         BIGINT NULL,
    currency            VARCHAR(3) CHARACTER SET ascii COLLATE ascii_bin NULL,
    valid_days          INT NULL,
    priority            INT NULL,
    requires_membership TINYINT NULL,
    active              TINYINT NULL,
    expected            BIGINT NULL,
    PRIMARY KEY (ord)
  ) ENGINE = MEMORY;

  -- JSON needs an engine that has it.
  CREATE TEMPORARY TABLE IF NOT EXISTS w_doc (
    ord INT NOT NULL,
    doc JSON NULL,
    PRIMARY KEY (ord)
  ) ENGINE = InnoDB;

  CREATE TEMPORARY TABLE IF NOT EXISTS w_audit (
    ord        INT NOT NULL,
    id         VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    actor      VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    roles      JSON NULL,
    action     VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    reason     VARCHAR(1000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    ip         VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    user_agent VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    request_id VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    trace_id   VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    traceparent VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    PRIMARY KEY (ord)
  ) ENGINE = InnoDB;

  CREATE TEMPORARY TABLE IF NOT EXISTS w_user (
    user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    PRIMARY KEY (user_id) USING BTREE
  ) ENGINE = MEMORY;

  CREATE TEMPORARY TABLE IF NOT EXISTS w_account (
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

  CREATE TEMPORARY TABLE IF NOT EXISTS w_item (
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

  CREATE TEMPORARY TABLE IF NOT EXISTS w_entry (
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

  CREATE TEMPORARY TABLE IF NOT EXISTS w_draw (
    seq       INT NOT NULL,
    place     BIGINT NOT NULL,
    grant_id  BIGINT NOT NULL,
    kind      VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    change_by BIGINT NOT NULL,
    reserve   BIGINT NOT NULL,
    -- The grant lapses with it.
    ends      TINYINT NOT NULL DEFAULT 0,
    -- Other than 0: the grant is as it should be already, nothing to update (RepairAccounts).
    fresh     TINYINT NOT NULL DEFAULT 0,
    KEY (seq)
  ) ENGINE = MEMORY;

  CREATE TEMPORARY TABLE IF NOT EXISTS w_grant_change (
    grant_id  BIGINT NOT NULL,
    -- Whose it has to be.
    user_id   VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    change_by BIGINT NOT NULL,
    reserve   BIGINT NOT NULL,
    ends      TINYINT NOT NULL,
    -- The row that fills it anew, with what and when; NULL: none does.
    renewed_version BIGINT NULL,
    amount    BIGINT NULL,
    created_at DATETIME(3) NULL,
    PRIMARY KEY (grant_id)
  ) ENGINE = MEMORY;

  -- Copies for CheckCreditsSync, which needs the accounts in four places of one statement.
  CREATE TEMPORARY TABLE IF NOT EXISTS w_user_2 (user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY) ENGINE = MEMORY;
  CREATE TEMPORARY TABLE IF NOT EXISTS w_user_3 (user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY) ENGINE = MEMORY;
  CREATE TEMPORARY TABLE IF NOT EXISTS w_user_4 (user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY) ENGINE = MEMORY;

  CREATE TEMPORARY TABLE IF NOT EXISTS w_judge (
    ord      INT NOT NULL,
    verdict  VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL,
    first_ord INT NULL,
    figure   BIGINT NULL,
    tx_version BIGINT NULL,
    PRIMARY KEY (ord)
  ) ENGINE = MEMORY;

  CREATE TEMPORARY TABLE IF NOT EXISTS w_running (
    seq              INT NOT NULL,
    entries          INT NOT NULL,
    amount           BIGINT NOT NULL,
    held_change      BIGINT NOT NULL,
    allowance_change BIGINT NOT NULL,
    lapse_at         DATETIME(3) NULL,
    PRIMARY KEY (seq)
  ) ENGINE = MEMORY;

  CREATE TEMPORARY TABLE IF NOT EXISTS w_allowance (
    grant_id  BIGINT NOT NULL,
    user_id   VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    state     VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    remaining BIGINT NOT NULL,
    reserved  BIGINT NOT NULL,
    KEY (user_id)
  ) ENGINE = MEMORY;

  -- The last one: LedgerBegin looks for it first, so a connection that was cut off in here makes the missing ones.
  CREATE TEMPORARY TABLE IF NOT EXISTS w_line (
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
    -- What credit_transactions.draws will say. NULL = it draws from more than one grant there was before: w_draw knows.
    draws           VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NULL,
    PRIMARY KEY (seq),
    KEY (ord)
  ) ENGINE = MEMORY;
END
