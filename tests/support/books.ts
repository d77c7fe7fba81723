import type { Schemas } from "@stipend/client/types";
import { createConnection } from "mysql2/promise";
import { z } from "zod";
import type { Person } from "./people.ts";

/** All ledger rows of one type that a person can see of the own account. */
export async function rowsOf(person: Person, type: Schemas["CreditTransaction"]["type"]) {
  const rows: Schemas["CreditTransaction"][] = [];
  for await (const row of person.api.each("/api/credits/transactions", { query: { type, limit: 100 } })) rows.push(row);
  return rows;
}

const Checked = z.array(z.object({ user_id: z.string(), problems: z.string() }));
const PAGE = 500;

export interface Books {
  readonly accounts: number;
  /** "alice: [{code, expected, actual}]" for each account whose books do not agree with themselves. */
  readonly differences: readonly string[];
}

/**
 * What the ledger's own proof, CheckCreditsSync, says of all accounts: every balance equals its grants and its
 * transactions, every hold is within it, and no row is missing. Asked past the services, which might be the liars.
 */
export async function checkBooks(mysqlAdminUrl: string, namespace: string): Promise<Books> {
  const url = new URL(mysqlAdminUrl);
  url.pathname = `/${namespace}_credits`;
  const connection = await createConnection(url.href);
  try {
    const accounts: z.output<typeof Checked> = [];
    for (let page = PAGE; page === PAGE; ) {
      const [results] = await connection.query("CALL CheckCreditsSync(?, ?, NULL)", [
        accounts.at(-1)?.user_id ?? "",
        PAGE,
      ]);
      const found = Checked.parse(Array.isArray(results) ? results[0] : undefined);
      accounts.push(...found);
      page = found.length;
    }
    const differing = accounts.filter((account) => account.problems !== "[]");
    return {
      accounts: accounts.length,
      differences: differing.map(({ user_id, problems }) => `${user_id}: ${problems}`),
    };
  } finally {
    await connection.end();
  }
}
