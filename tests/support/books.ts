import { createConnection } from "mysql2/promise";
import { expectBody } from "./client.ts";
import type { Person } from "./people.ts";
import { Transactions } from "./shapes.ts";

/** All ledger rows of one type that a person can see of the own account. */
export async function rowsOf(person: Person, type: string) {
  const rows = [];
  let cursor: string | null = null;
  do {
    const after: string = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const answer = await person.client.get(`/api/credits/transactions?type=${type}&limit=100${after}`);
    const page = expectBody(answer, Transactions);
    rows.push(...page.data);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return rows;
}

/**
 * What the ledger's own proof, CheckCreditsSync, says of all accounts: one line a difference; none when every balance
 * equals its grants and its transactions, and every hold is within it.
 */
export async function findDifferences(mysqlAdminUrl: string, namespace: string): Promise<unknown[]> {
  const url = new URL(mysqlAdminUrl);
  url.pathname = `/${namespace}_credits`;
  const connection = await createConnection(url.href);
  try {
    const [results] = await connection.query("CALL CheckCreditsSync('[]')");
    return Array.isArray(results) && Array.isArray(results[0]) ? results[0] : [];
  } finally {
    await connection.end();
  }
}
