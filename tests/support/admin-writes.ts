import { AlertPage } from "@stipend/proto/http/monitor";
import type { System } from "@stipend/testing/system";
import { createConnection, type RowDataPacket } from "mysql2/promise";
import { type Answer, type Client, expectBody } from "./client.ts";

/** One attempt at a change: `mark` is what its traces can be found by, in the owner's tables and in the audit log. */
export interface Attempt {
  readonly action: string;
  readonly mark: string;
  /** HTTP status; null: the connection broke, or nobody answered. */
  readonly status: number | null;
}

interface Write {
  readonly action: string;
  /** What it is about is named by the mark, so that no two attempts meet; the others take from what was prepared. */
  readonly send: (client: Client, mark: string) => Promise<Answer>;
}

/** What admin writes need that has to be there before. */
export interface Prepared {
  /** Open alerts, by id. */
  readonly alerts: string[];
  /** Users whose view shows something else than their books. */
  readonly damaged: string[];
}

/**
 * Admins who change things in credits, membership and the monitor, many at once and each change once: nobody sends anything
 * again, so what a change leaves behind is from one attempt.
 */
export class AdminWrites {
  readonly #prefix: string;
  readonly #clients: readonly Client[];
  readonly #writes: readonly Write[];
  readonly #attempts: Attempt[] = [];
  #next = 0;
  #stopped = false;
  #working: Promise<void>[] = [];

  constructor(prefix: string, clients: readonly Client[], prepared: Prepared) {
    this.#prefix = prefix;
    this.#clients = clients;
    this.#writes = writesOf(prepared);
  }

  get attempts(): readonly Attempt[] {
    return this.#attempts;
  }

  start(): this {
    this.#working = this.#clients.map((client) => this.#work(client));
    return this;
  }

  async stop(): Promise<readonly Attempt[]> {
    this.#stopped = true;
    await Promise.all(this.#working);
    return this.#attempts;
  }

  async #work(client: Client): Promise<void> {
    while (!this.#stopped) {
      const n = this.#next++;
      const write = this.#writes[n % this.#writes.length];
      if (write === undefined) return;
      const mark = `${this.#prefix}-${n}`;
      const status = await write.send(client, mark).then(
        (answer) => answer.status,
        () => null,
      );
      this.#attempts.push({ action: write.action, mark, status });
    }
  }
}

function writesOf({ alerts, damaged }: Prepared): readonly Write[] {
  const pro = { tier: "pro", cycle: "monthly" };
  return [
    credit("credits.grant", "grants", { amount: 5, kind: "bonus" }),
    credit("credits.adjust", "adjustments", { amount: 3 }),
    credit("credits.freeze", "freeze", {}),
    credit("approval.propose", "grants", { amount: 500_000, kind: "bonus" }),
    {
      action: "package.set",
      send: (client, mark) => client.put(`/api/admin/packages/${mark}`, { name: mark, credits: 5, reason: mark }),
    },
    {
      action: "membership.set",
      send: (client, mark) => client.put(`/api/admin/users/${mark}/membership`, { ...pro, reason: mark }),
    },
    {
      action: "membership.end",
      async send(client, mark) {
        const path = `/api/admin/users/${mark}/membership`;
        await client.put(path, { ...pro, reason: `${mark}-first` });
        return await client.delete(path, { reason: mark });
      },
    },
    {
      action: "tier.set",
      send: (client, mark) =>
        client.put(`/api/admin/tiers/${mark}`, { monthlyCredits: 7, offered: false, reason: mark }),
    },
    {
      action: "user.tokens.revoke",
      send: (client, mark) => client.post("/api/admin/revocations", { userId: mark, reason: mark }),
    },
    {
      action: "membership.set",
      send: (client, mark) =>
        client.post("/api/admin/users/batch", {
          reason: mark,
          items: ["a", "b", "c"].map((one) => ({ key: one, userId: `${mark}-${one}`, membership: pro })),
        }),
    },
    ...(["acknowledge", "resolve"] as const).map((verb) => ({
      action: `alert.${verb}`,
      send: (client: Client, mark: string) =>
        taking(alerts, (id) => client.post(`/api/admin/alerts/${id}/${verb}`, { reason: mark })),
    })),
    {
      action: "view.repair",
      send: (client, mark) =>
        taking(damaged, (userId) => client.post("/api/admin/consistency/repair", { userId, reason: mark })),
    },
  ];
}

function credit(action: string, path: string, body: object): Write {
  return {
    action,
    send: (client, mark) =>
      client.post(`/api/admin/users/${mark}/credits/${path}`, { ...body, reason: mark }, { key: mark }),
  };
}

/** Takes the first of those prepared; who did not succeed with it leaves it to others. */
async function taking(from: string[], use: (one: string) => Promise<Answer>): Promise<Answer> {
  const one = from.shift();
  if (one === undefined) throw new Error("all used up");
  let used = false;
  try {
    const answer = await use(one);
    used = answer.status < 300;
    return answer;
  } finally {
    if (!used) from.push(one);
  }
}

/** Accounts that got much at once, so that there are alerts. */
export async function openAlerts(client: Client, atLeast: number): Promise<string[]> {
  const page = expectBody(await client.get("/api/admin/alerts?status=open&limit=100"), AlertPage);
  if (page.data.length < atLeast) throw new Error(`only ${page.data.length} alerts`);
  return page.data.map(({ id }) => id);
}

/** Looks into the tables of every service, past them. */
export class Tables {
  readonly #system: System;

  constructor(system: System) {
    this.#system = system;
  }

  /** @param sql with `{credits}`, `{membership}`, … in place of the schemas' names. */
  async query(sql: string, params: readonly string[] = []): Promise<RowDataPacket[]> {
    const connection = await createConnection({ uri: this.#system.urls.mysqlAdmin, multipleStatements: false });
    try {
      const named = sql.replace(/\{(\w+)\}/g, (_, service: string) => `\`${this.#system.namespace}_${service}\``);
      const [rows] = await connection.query<RowDataPacket[]>(named, [...params]);
      return rows;
    } finally {
      await connection.end();
    }
  }

  /** The mark of every change that the owners' tables hold, as often as it left something there. */
  async changes(prefix: string): Promise<string[]> {
    const marked = [
      "SELECT reason AS mark FROM {credits}.credit_transactions WHERE reason LIKE ?",
      "SELECT reason AS mark FROM {credits}.credit_approvals WHERE reason LIKE ?",
      "SELECT code AS mark FROM {credits}.credit_packages WHERE code LIKE ?",
      "SELECT reason AS mark FROM {membership}.membership_history WHERE reason LIKE ?",
      "SELECT tier AS mark FROM {membership}.membership_tiers WHERE tier LIKE ?",
      "SELECT reason AS mark FROM {membership}.token_revocations WHERE reason LIKE ?",
      "SELECT note AS mark FROM {monitor}.alerts WHERE note LIKE ?",
    ];
    const found = await Promise.all(marked.map((sql) => this.query(sql, [`${prefix}-%`])));
    return found.flat().map(({ mark }) => String(mark));
  }

  /** The same, as the audit log tells it; and the users whose view it says was repaired. */
  async audited(prefix: string): Promise<{ readonly marks: string[]; readonly repaired: string[] }> {
    const rows = await this.query(
      "SELECT action, target, reason FROM {audit}.admin_operation_logs WHERE outcome = 'succeeded' AND reason LIKE ?",
      [`${prefix}-%`],
    );
    const repairs = rows.filter(({ action }) => action === "view.repair");
    return {
      marks: rows.filter((row) => !repairs.includes(row)).map(({ reason }) => String(reason)),
      repaired: repairs.map(({ target }) => String(target)),
    };
  }
}
