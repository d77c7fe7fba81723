import type { Database } from "@stipend/platform/mysql/database";

/** What only the schema's owner can do, and only after taking the ledger's triggers away: they are put back. */
export async function tamper(owner: Database, statements: readonly (readonly [string, ...unknown[]])[]): Promise<void> {
  const triggers = await owner.query<{ name: string; event: string; body: string }>(
    `SELECT TRIGGER_NAME AS name, EVENT_MANIPULATION AS event, ACTION_STATEMENT AS body
       FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE() AND EVENT_OBJECT_TABLE = 'credit_transactions'`,
  );
  for (const { name } of triggers) await owner.query(`DROP TRIGGER ${name}`);
  try {
    for (const [sql, ...params] of statements) await owner.query(sql, params as never);
  } finally {
    for (const { name, event, body } of triggers) {
      await owner.query(`CREATE TRIGGER ${name} BEFORE ${event} ON credit_transactions FOR EACH ROW ${body}`);
    }
  }
}
