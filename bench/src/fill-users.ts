import { createConnection } from "mysql2/promise";

const STEP = 50_000;
const DIGITS = `(${Array.from({ length: 10 }, (_, d) => (d === 0 ? "SELECT 0 d" : `SELECT ${d}`)).join(" UNION ALL ")})`;

/**
 * Users as a grown installation has them: half of them active members, a fifth former ones, three tenths never members;
 * one premium in a thousand; balances spread over 0 to 998, with few accounts at 999.
 */
export async function fillUsers(ownerUrl: string, users: number): Promise<void> {
  const connection = await createConnection({ uri: ownerUrl, timezone: "Z" });
  try {
    for (let from = 0; from < users; from += STEP)
      await fillStep(connection, from, Math.min(users, from + STEP), users);
    await connection.query("ANALYZE TABLE users, user_terms, memberships, member_balances");
  } finally {
    await connection.end();
  }
}

async function fillStep(
  connection: Awaited<ReturnType<typeof createConnection>>,
  from: number,
  to: number,
  users: number,
): Promise<void> {
  const numbers = `(SELECT ${from} + a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * f.d AS n
     FROM ${DIGITS} a, ${DIGITS} b, ${DIGITS} c, ${DIGITS} e, ${DIGITS} f HAVING n < ${to}) x`;
  const id = "CONCAT('user-', LPAD(n, 7, '0'))";
  const email = `CONCAT('mail', LPAD(MOD(n * 7919, ${users}), 7, '0'), '@example', MOD(n, 50), '.org')`;
  await connection.query(
    `INSERT INTO users (user_id, user_no, email, name, first_seen_at, membership_version)
     SELECT ${id}, n + 1, ${email}, CONCAT('Given', MOD(n, 977), ' Family', MOD(n, 4999)), '2026-01-01',
            IF(MOD(n, 10) < 7, 1, 0) FROM ${numbers} ORDER BY n`,
  );
  await connection.query(
    `INSERT INTO user_terms (term, user_no, source)
     SELECT ${id}, n + 1, 'id' FROM ${numbers} UNION ALL SELECT ${email}, n + 1, 'email' FROM ${numbers}
     UNION ALL SELECT CONCAT('given', MOD(n, 977)), n + 1, 'name' FROM ${numbers}
     UNION ALL SELECT CONCAT('family', MOD(n, 4999)), n + 1, 'name' FROM ${numbers}`,
  );
  await connection.query(
    `INSERT INTO memberships (membership_id, user_id, user_no, is_current, version, change_id, status, cycle, tier,
       monthly_credits, tier_rank, anchor, first_period, rollover_cap, on_expiry, started_at, period_start, period_end,
       expires_at, cancel_at_period_end, ended_at, end_agreed_at, updated_at)
     SELECT CONCAT('m', LPAD(n, 35, '0')), ${id}, n + 1, 1, 1, CONCAT('c', LPAD(n, 35, '0')),
            ELT(1 + IF(MOD(n, 10) < 5, 0, MOD(n, 3) + 1), 'active', 'cancelled', 'expired', 'ended'), 'monthly',
            IF(MOD(n, 1000) = 0, 'premium', IF(MOD(n, 3) = 0, 'pro', 'lite')), 100, 10, 'calendar', 'full', 0, 'keep',
            '2026-01-05', '2026-01-05', '2026-02-05',
            IF(MOD(n, 20) = 1, DATE_ADD('2026-03-01', INTERVAL MOD(n, 300) DAY), NULL), 0,
            IF(MOD(n, 10) < 5, NULL, '2026-01-20'), NULL, '2026-01-05'
       FROM ${numbers} WHERE MOD(n, 10) < 7 ORDER BY n`,
  );
  await connection.query(
    `INSERT INTO member_balances (user_id, user_no, balance, held, account_status, version, told_at)
     SELECT ${id}, n + 1, IF(MOD(n, 997) = 0, 999, MOD(n * 31, 999)), 0, 'active', 3, '2026-01-05'
       FROM ${numbers} ORDER BY n`,
  );
}
