-- The rival of ConsumeCredits in the benchmark: one operation a CALL, with the same rules and the same rows, written as well as we can: no temporary tables, no JSON
-- parsing, commits by itself (one round trip). Not part of the product.
CREATE PROCEDURE ConsumeOne(IN in_now DATETIME(3), IN in_user_id VARCHAR(128) CHARACTER SET ascii, IN in_amount BIGINT, IN in_key VARCHAR(255) CHARACTER SET ascii,
                            IN in_hash VARCHAR(64) CHARACTER SET ascii, IN in_actor VARCHAR(128), IN in_reason VARCHAR(500))
proc: BEGIN
  DECLARE v_user VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin DEFAULT in_user_id;
  DECLARE v_key VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin DEFAULT in_key;
  DECLARE v_version, v_balance, v_held, v_allowance, v_taken_allowance, v_taken, v_id, v_prior, v_monthly, v_threshold, v_before, v_after BIGINT;
  DECLARE v_status, v_prior_hash, v_tier VARCHAR(64);
  DECLARE v_due, v_lapse, v_last, v_next DATETIME(3);
  DECLARE v_low, v_low_after INT;
  DECLARE v_draws LONGTEXT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  START TRANSACTION;
  SELECT version, balance, held, status, allowance_remaining, due_at, lapse_at, last_at, is_low, tier, monthly_credits, next_reset_at,
         COALESCE(low_threshold, FLOOR(COALESCE(monthly_credits, 0) / 10))
    INTO v_version, v_balance, v_held, v_status, v_allowance, v_due, v_lapse, v_last, v_low, v_tier, v_monthly, v_next, v_threshold
    FROM profiles WHERE user_id = v_user FOR UPDATE;
  SELECT MAX(id), MAX(request_hash) INTO v_prior, v_prior_hash
    FROM credit_transactions WHERE user_id = v_user AND operation = 'consume' AND request_key = v_key;
  IF v_prior IS NOT NULL THEN
    ROLLBACK;
    SELECT CASE WHEN v_prior_hash = in_hash THEN 'replayed' ELSE 'idempotency_key_reused' END AS outcome, v_prior AS id;
    LEAVE proc;
  END IF;
  IF v_due <= in_now OR v_lapse <= in_now OR v_status = 'frozen' OR v_balance - v_held < in_amount THEN
    ROLLBACK;
    SELECT 'refused' AS outcome, v_balance - v_held AS available;
    LEAVE proc;
  END IF;

  SELECT CONCAT('[', GROUP_CONCAT('{"g":', id, ',"k":"', kind, '","c":', -taken, ',"r":0}' ORDER BY until SEPARATOR ','), ']'),
         SUM(CASE kind WHEN 'allowance' THEN taken ELSE 0 END), SUM(taken), SUM(remaining)
    INTO v_draws, v_taken_allowance, v_taken, v_before
    FROM (SELECT id, kind, remaining, until, LEAST(free, in_amount - (until - free)) AS taken
            FROM (SELECT id, kind, remaining, remaining - reserved AS free,
                         SUM(remaining - reserved) OVER (ORDER BY priority, expires_at IS NULL, expires_at, id ROWS UNBOUNDED PRECEDING) AS until
                    FROM credit_grants WHERE user_id = v_user AND state = 'open' AND remaining > reserved) g
           WHERE until - free < in_amount) d;
  IF v_taken <> in_amount THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the draws are not the amount';
  END IF;
  SET v_last = GREATEST(in_now, v_last), v_low_after = v_balance - in_amount - v_held < v_threshold;
  INSERT INTO credit_transactions (user_id, version, type, amount, balance_before, balance_after, held_change, held_after, status_after, draws, reason, actor,
                                   operation, request_key, request_hash, created_at)
  VALUES (v_user, v_version + 1, 'consume', -in_amount, v_balance, v_balance - in_amount, 0, v_held, v_status, v_draws, in_reason, in_actor, 'consume', v_key, in_hash, v_last);
  SET v_id = LAST_INSERT_ID();
  UPDATE credit_grants g
    JOIN JSON_TABLE(v_draws, '$[*]' COLUMNS (id BIGINT PATH '$.g', change_by BIGINT PATH '$.c')) d ON d.id = g.id
     SET g.state = CASE WHEN g.remaining + d.change_by > 0 THEN 'open' ELSE 'spent' END, g.remaining = g.remaining + d.change_by;
  SELECT SUM(g.remaining) INTO v_after
    FROM credit_grants g JOIN JSON_TABLE(v_draws, '$[*]' COLUMNS (id BIGINT PATH '$.g')) d ON d.id = g.id;
  IF v_before - v_after <> in_amount THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the grants do not hold what their draws say; roll back';
  END IF;
  UPDATE profiles SET version = v_version + 1, balance = v_balance - in_amount, allowance_remaining = v_allowance - v_taken_allowance, is_low = v_low_after, last_at = v_last
   WHERE user_id = v_user;
  INSERT INTO outbox (event_id, topic, type, subject, occurred_at, ledger_version, payload)
  VALUES (UUID(), 'credits.v1', 'stipend.credits.v1.CreditsChanged', v_user, v_last, v_version + 1,
          CASE WHEN v_tier IS NULL THEN '{}' ELSE CONCAT('{"tier":"', v_tier, '","monthlyCredits":"', v_monthly, '","remaining":"', v_allowance - v_taken_allowance,
                                                         '","nextResetAt":"', REPLACE(v_next, ' ', 'T'), 'Z"}') END);
  IF v_low <> v_low_after THEN
    INSERT INTO outbox (event_id, topic, type, subject, occurred_at, payload)
    VALUES (UUID(), 'credits.v1', 'stipend.credits.v1.LowBalance', v_user, v_last, JSON_OBJECT('userId', v_user, 'version', v_version + 1));
  END IF;
  COMMIT;
  SELECT 'ok' AS outcome, v_id AS id, v_version + 1 AS version, v_balance AS balance_before, v_balance - in_amount AS balance_after, v_draws AS draws;
END
