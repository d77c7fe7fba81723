import { createConnection } from "mysql2/promise";

/** Writes into credits' tables past the services, as whoever has the database's keys. */
export async function writeIntoCredits(
  { mysqlAdminUrl, topicPrefix }: { readonly mysqlAdminUrl: string; readonly topicPrefix: string },
  sql: string,
  ...params: readonly string[]
): Promise<void> {
  const url = new URL(mysqlAdminUrl);
  url.pathname = `/${topicPrefix}_credits`;
  const connection = await createConnection(url.href);
  try {
    await connection.query(sql, [...params]);
  } finally {
    await connection.end();
  }
}
