import { createConnection } from "mysql2/promise";

const STEP = 50_000;
const DIGITS = `(${Array.from({ length: 10 }, (_, d) => (d === 0 ? "SELECT 0 d" : `SELECT ${d}`)).join(" UNION ALL ")})`;
const GRANT_ID = 1;

/**
 * One account whose ledger has so many rows: a grant, and then a credit spent in each. As the procedures would have
 * left it, written set-based into an empty schema by an administrator.
 */
export async function fillLedger(adminUrl: string, schema: string, userId: string, rows: number): Promise<void> {
  const connection = await createConnection({ uri: adminUrl, database: schema, timezone: "Z" });
  try {
    await connection.query(
      `INSERT INTO profiles (user_id, version, balance, created_at, last_at) VALUES (?, ?, 1, NOW(3), NOW(3))`,
      [userId, rows],
    );
    await connection.query(
      `INSERT INTO credit_grants (id, user_id, origin_version, kind, amount, remaining, priority, created_at)
       VALUES (?, ?, 1, 'bonus', ?, 1, 50, NOW(3))`,
      [GRANT_ID, userId, rows],
    );
    for (let from = 1; from <= rows; from += STEP) {
      await connection.query(
        `INSERT INTO credit_transactions (user_id, version, type, amount, balance_before, balance_after, held_change,
                                          held_after, status_after, draws, reason, feature, actor, operation, request_key,
                                          request_hash, created_at)
         SELECT ?, n, CASE n WHEN 1 THEN 'grant' ELSE 'consume' END, CASE n WHEN 1 THEN total ELSE -1 END,
                CASE n WHEN 1 THEN 0 ELSE total - n + 2 END, total - n + 1, 0, 0, 'active',
                CONCAT('[{"g":${GRANT_ID},"k":"bonus","c":', CASE n WHEN 1 THEN total ELSE -1 END, ',"r":0}]'),
                'a paragraph rewritten', 'rewrite', 'bench', CASE n WHEN 1 THEN 'grant' ELSE 'consume' END, n, 'hash', NOW(3)
           FROM (SELECT ? + a.d + 10 * b.d + 100 * c.d + 1000 * d.d + 10000 * e.d AS n
                   FROM ${DIGITS} a, ${DIGITS} b, ${DIGITS} c, ${DIGITS} d, ${DIGITS} e) numbers
           CROSS JOIN (SELECT ? AS total) t
          WHERE n < LEAST(? + ${STEP}, total + 1)
          ORDER BY n`,
        [userId, from, rows, from],
      );
    }
  } finally {
    await connection.end();
  }
}
