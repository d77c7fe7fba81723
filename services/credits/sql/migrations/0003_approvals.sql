-- Four eyes: what an admin proposes and another one has to approve before the ledger does it. Rows are written and
-- decided under the lock of their account (profiles), as everything else of it. An expired proposal stays `pending`:
-- who reads it judges by expires_at.
CREATE TABLE credit_approvals (
  id              BIGINT NOT NULL AUTO_INCREMENT,
  user_id         VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  -- As the ledger row will have it.
  operation       VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  -- The most it may move, signed.
  amount          BIGINT NOT NULL,
  -- What else the operation needs: kind, priority, expiresAt; transactionId; code.
  request         JSON NOT NULL,
  -- The proposing request's; the ledger row gets the same, so that the unique key there lets it happen once.
  request_key     VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  request_hash    VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  reason          VARCHAR(500) NOT NULL,
  proposed_by     VARCHAR(128) NOT NULL,
  proposed_at     DATETIME(3) NOT NULL,
  expires_at      DATETIME(3) NOT NULL,
  status          ENUM('pending', 'approved', 'rejected') NOT NULL DEFAULT 'pending',
  decided_by      VARCHAR(128) NULL,
  decided_at      DATETIME(3) NULL,
  decision_reason VARCHAR(500) NULL,
  PRIMARY KEY (id),
  UNIQUE KEY credit_approvals_request (user_id, operation, request_key),
  KEY credit_approvals_status (status, id),
  CONSTRAINT credit_approvals_operation CHECK (operation IN ('grant', 'adjust', 'refund', 'purchase')),
  CONSTRAINT credit_approvals_amount CHECK (amount <> 0),
  CONSTRAINT credit_approvals_decided CHECK ((status = 'pending') = (decided_by IS NULL)),
  -- Nobody approves their own, whoever calls.
  CONSTRAINT credit_approvals_four_eyes CHECK (status <> 'approved' OR decided_by <> proposed_by)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
