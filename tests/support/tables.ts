import { createConnection, type RowDataPacket } from "mysql2/promise";

interface Database {
  readonly mysqlAdminUrl: string;
  readonly topicPrefix: string;
}

/** Writes into credits' tables past the services, as whoever has the database's keys. */
export async function writeIntoCredits(database: Database, sql: string, ...params: readonly string[]): Promise<void> {
  await askCredits(database, sql, params);
}

/** The version of each membership that credits has heard of. */
export async function membershipsHeard(database: Database, userIds: readonly string[]): Promise<Map<string, number>> {
  if (userIds.length === 0) return new Map();
  const rows = await askCredits(database, "SELECT user_id, version FROM membership_state WHERE user_id IN (?)", [
    userIds,
  ]);
  return new Map(rows.map(({ user_id, version }) => [String(user_id), Number(version)]));
}

async function askCredits(
  { mysqlAdminUrl, topicPrefix }: Database,
  sql: string,
  params: readonly unknown[],
): Promise<RowDataPacket[]> {
  const url = new URL(mysqlAdminUrl);
  url.pathname = `/${topicPrefix}_credits`;
  const connection = await createConnection(url.href);
  try {
    const [rows] = await connection.query(sql, [...params]);
    return rows as RowDataPacket[];
  } finally {
    await connection.end();
  }
}
