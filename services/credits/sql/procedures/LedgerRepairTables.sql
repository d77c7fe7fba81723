-- NAME
--   LedgerRepairTables: makes the temporary work tables of repairs of this connection. Internal.
-- SYNOPSIS
--   CALL LedgerRepairTables();
-- WORK TABLES (filled by LedgerRepairRead, completed by LedgerRepairPlan)
--   w_repair         one row an account: what its row says (version to allowance), what its ledger says, and what shall be (target_*)
--   w_repair_grant   every grant that the account owns or that its draws name
--   w_repair_hold    holds that the table or the ledger takes for open
--   w_repair_part    what each of them keeps of which grant, by its ledger row
--   w_repair_taken   what a grant loses, because the account has less than its draws add up to
--   w_repair_refund  what was given back more than once
--   w_repair_misread by how much amounts say more than their rows did
-- NOTES
--   InnoDB, not MEMORY: an account may have any number of grants, and the words of a plan are long.
CREATE PROCEDURE LedgerRepairTables()
BEGIN
  CREATE TEMPORARY TABLE IF NOT EXISTS w_repair (
    user_id       VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    version       BIGINT NOT NULL,
    balance       BIGINT NOT NULL,
    held          BIGINT NOT NULL,
    status        VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    allowance     BIGINT NOT NULL,
    -- Version of the newest row that restated the account: everything up to it is dealt with.
    base          BIGINT NOT NULL,
    newest        BIGINT NOT NULL,
    -- Σ amounts since the base, on top of what it left.
    amounts       BIGINT NOT NULL,
    -- What the balance moved by where versions are missing: the rows around a gap are witnesses of what stood in it.
    jumps         BIGINT NOT NULL,
    gaps          BIGINT NOT NULL,
    breaks        BIGINT NOT NULL,
    last_balance  BIGINT NOT NULL,
    last_held     BIGINT NOT NULL,
    last_status   VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    -- Of the grants as they stand in the table.
    grants        BIGINT NOT NULL DEFAULT 0,
    reserved      BIGINT NOT NULL DEFAULT 0,
    -- Of the holds as they stand in the table.
    holds         BIGINT NOT NULL DEFAULT 0,
    -- Draws from grants that are not the account's.
    strange       BIGINT NOT NULL DEFAULT 0,
    excess        BIGINT NOT NULL DEFAULT 0,
    misread       BIGINT NOT NULL DEFAULT 0,
    -- The newest rows are missing, but account and grants agree on what they left.
    tail          TINYINT NOT NULL DEFAULT 0,
    -- The table of grants, not the draws, says what is left of each.
    witness       TINYINT NOT NULL DEFAULT 0,
    -- What the customer was told last.
    told          BIGINT NOT NULL DEFAULT 0,
    told_held     BIGINT NOT NULL DEFAULT 0,
    -- What the ledger accounts for, before anything is taken back.
    accounted     BIGINT NOT NULL DEFAULT 0,
    basis         BIGINT NOT NULL DEFAULT 0,
    target        BIGINT NOT NULL DEFAULT 0,
    target_held   BIGINT NOT NULL DEFAULT 0,
    target_status VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NULL,
    target_allowance BIGINT NOT NULL DEFAULT 0,
    -- Of a new grant, for what no grant holds.
    fresh_amount  BIGINT NOT NULL DEFAULT 0,
    -- Σ of what the row says of grants, signed, and in allowances.
    drawn         BIGINT NOT NULL DEFAULT 0,
    drawn_reserved BIGINT NOT NULL DEFAULT 0,
    drawn_allowance BIGINT NOT NULL DEFAULT 0,
    -- Grants and holds that change, and draws that the ledger lacks.
    grant_changes BIGINT NOT NULL DEFAULT 0,
    hold_changes  BIGINT NOT NULL DEFAULT 0,
    lacking       BIGINT NOT NULL DEFAULT 0,
    grant_words   LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    hold_words    LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    -- The ledger itself is damaged: the row restates the account.
    restates      TINYINT NOT NULL DEFAULT 0,
    differs       TINYINT NOT NULL DEFAULT 0,
    proposal      VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    PRIMARY KEY (user_id)
  ) ENGINE = InnoDB;

  CREATE TEMPORARY TABLE IF NOT EXISTS w_repair_grant (
    user_id         VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    grant_id        BIGINT NOT NULL,
    kind            VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL,
    owned           TINYINT NOT NULL DEFAULT 0,
    origin_version  BIGINT NULL,
    remaining       BIGINT NOT NULL DEFAULT 0,
    reserved        BIGINT NOT NULL DEFAULT 0,
    state           VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NULL,
    priority        INT NOT NULL DEFAULT 0,
    expires_at      DATETIME(3) NULL,
    -- Σ of the account's draws from it.
    drawn           BIGINT NOT NULL DEFAULT 0,
    drawn_reserved  BIGINT NOT NULL DEFAULT 0,
    -- The last row that names it.
    newest          BIGINT NOT NULL DEFAULT 0,
    -- A row of the ledger lapsed it.
    lapsed          TINYINT NOT NULL DEFAULT 0,
    base            BIGINT NOT NULL DEFAULT 0,
    basis           BIGINT NOT NULL DEFAULT 0,
    wished          BIGINT NOT NULL DEFAULT 0,
    target          BIGINT NOT NULL DEFAULT 0,
    target_reserved BIGINT NOT NULL DEFAULT 0,
    target_state    VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NULL,
    PRIMARY KEY (user_id, grant_id)
  ) ENGINE = InnoDB;

  CREATE TEMPORARY TABLE IF NOT EXISTS w_repair_hold (
    user_id      VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    hold_id      BIGINT NOT NULL,
    -- As it stands in the table; NULL: it does not.
    status       VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NULL,
    amount       BIGINT NULL,
    end_version  BIGINT NULL,
    -- By the ledger: opened and not ended.
    opened       TINYINT NOT NULL DEFAULT 0,
    hold_version BIGINT NULL,
    hold_amount  BIGINT NULL,
    -- The row that ended it.
    ended_by     BIGINT NULL,
    -- It keeps all it says, of the account's own grants.
    formed       TINYINT NOT NULL DEFAULT 0,
    kept         TINYINT NOT NULL DEFAULT 0,
    action       VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NULL,
    PRIMARY KEY (user_id, hold_id)
  ) ENGINE = InnoDB;

  CREATE TEMPORARY TABLE IF NOT EXISTS w_repair_taken (
    user_id  VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    grant_id BIGINT NOT NULL,
    amount   BIGINT NOT NULL,
    PRIMARY KEY (user_id, grant_id)
  ) ENGINE = InnoDB;

  CREATE TEMPORARY TABLE IF NOT EXISTS w_repair_refund (
    user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    excess  BIGINT NOT NULL,
    PRIMARY KEY (user_id)
  ) ENGINE = InnoDB;

  CREATE TEMPORARY TABLE IF NOT EXISTS w_repair_misread (
    user_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    misread BIGINT NOT NULL,
    PRIMARY KEY (user_id)
  ) ENGINE = InnoDB;

  -- The last one: LedgerRepairRead looks for it first, as LedgerBegin does.
  CREATE TEMPORARY TABLE IF NOT EXISTS w_repair_part (
    user_id  VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    hold_id  BIGINT NOT NULL,
    grant_id BIGINT NOT NULL,
    amount   BIGINT NOT NULL,
    KEY (user_id, hold_id)
  ) ENGINE = InnoDB;
END
