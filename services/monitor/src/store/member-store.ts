import type { Database } from "@stipend/platform/mysql/database";
import type { Tx } from "@stipend/platform/mysql/tx";
import { parseJson } from "@stipend/platform/mysql/values";
import type { AllowanceFact, MemberFacts, TermsFact } from "../domain/member-facts.ts";
import type { InspectStore, InspectTransaction, MemberNews } from "../usecases/ports.ts";
import { sqlTime, sqlTimeOrNull } from "./alert-rows.ts";
import { alertTransaction } from "./alert-transaction.ts";

/** What was promised to members, what they were given, and when to look at it. */
export class MysqlMemberStore implements InspectStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async inspectionsDue(now: Date, limit: number): Promise<readonly string[]> {
    const rows = await this.#db.query<{ user_id: string }>(
      "SELECT user_id FROM inspections_due WHERE inspect_at <= ? ORDER BY inspect_at LIMIT ?",
      [now, limit],
    );
    return rows.map((row) => row.user_id);
  }

  async inspecting<T>(work: (tx: InspectTransaction) => Promise<T>): Promise<T> {
    return await this.#db.transaction((tx) => work(inspectTransaction(tx)), { name: "monitor.inspect" });
  }
}

function inspectTransaction(tx: Tx): InspectTransaction {
  return {
    ...alertTransaction(tx),
    async dueMembers(userIds, now) {
      await tx.call("LockAccounts", userIds);
      const rows = await tx.call<{ user_id: string; terms: unknown; allowances: unknown }>(
        "ReadMemberFacts",
        userIds,
        now,
      );
      return rows.map(
        (row): MemberFacts => ({
          userId: row.user_id,
          terms: factsOf<TermsFact>(row.terms),
          allowances: factsOf<AllowanceFact>(row.allowances),
        }),
      );
    },
    async planInspections(items) {
      await tx.call(
        "PlanInspections",
        items.map(({ userId, at }) => ({ userId, at: sqlTimeOrNull(at) })),
      );
    },
    async told(fingerprints) {
      const rows = await tx.query<{ fingerprint: string }>(
        `SELECT fingerprint FROM alert_entries WHERE fingerprint IN (${fingerprints.map(() => "?").join(",")})`,
        fingerprints,
      );
      return new Set(rows.map((row) => row.fingerprint));
    },
  };
}

export async function saveMemberFacts(tx: Tx, { terms, allowances, inspect }: MemberNews): Promise<void> {
  await tx.call(
    "SaveMemberFacts",
    terms.map(toFactItem),
    allowances.map(toFactItem),
    inspect.map(({ userId, at }) => ({ userId, at: sqlTime(at) })),
  );
}

function toFactItem({
  userId,
  fact,
}: {
  readonly userId: string;
  readonly fact: { readonly version: number; readonly at: Date };
}): Record<string, unknown> {
  return { userId, version: fact.version, at: sqlTime(fact.at), fact: JSON.stringify(fact) };
}

const TIMES = new Set(["at", "startedAt", "periodStart", "periodEnd", "expiresAt", "endedAt", "nextResetAt"]);

/** Facts as they were kept, in order of version. MariaDB gives each as a text inside the array, MySQL as an object. */
function factsOf<T extends { readonly version: number }>(column: unknown): T[] {
  if (column === null) return [];
  const facts = (parseJson(column) as unknown[]).map((each) => {
    const fact = (typeof each === "string" ? JSON.parse(each) : each) as Record<string, unknown>;
    return Object.fromEntries(
      Object.entries(fact).map(([name, value]) => [
        name,
        TIMES.has(name) && typeof value === "string" ? new Date(value) : value,
      ]),
    ) as unknown as T;
  });
  return facts.sort((a, b) => a.version - b.version);
}
