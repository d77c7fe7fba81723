import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { silentLog } from "@stipend/platform/log/log";
import { Database } from "@stipend/platform/mysql/database";
import type { DedicatedConnection } from "@stipend/platform/mysql/dedicated";
import { testEngines } from "@stipend/testing/engines/test-engines";
import { eventually } from "@stipend/testing/eventually";
import { expect } from "vitest";

/** A program of this service, as a process of its own. */
export class Program {
  readonly child: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #errors: Promise<string>;

  /** @param file under src/ */
  constructor(file: string, args: readonly string[], env: Readonly<Record<string, string>>) {
    const path = fileURLToPath(new URL(`../src/${file}`, import.meta.url));
    this.child = spawn(process.execPath, [path, ...args], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#ended = once(this.child, "close");
    this.#errors = this.child.stderr === null ? Promise.resolve("") : text(this.child.stderr);
  }

  /** SIGKILL; false: it had ended before. */
  async kill(): Promise<boolean> {
    const hit = this.child.kill("SIGKILL");
    await this.#ended;
    return hit && this.child.signalCode === "SIGKILL";
  }

  async end(): Promise<{ readonly code: number | null; readonly errors: string }> {
    await this.#ended;
    return { code: this.child.exitCode, errors: await this.#errors };
  }
}

/** The server as its administrator sees it: what runs on a schema, and locks that make it stop at a chosen place. */
export class Server {
  readonly #db: Database;
  readonly #schema: string;
  readonly #held: DedicatedConnection[] = [];

  constructor(schema: string) {
    const url = new URL(testEngines().mysqlAdminUrl);
    url.pathname = `/${schema}`;
    this.#schema = schema;
    this.#db = new Database({ url: url.href, log: silentLog(), poolSize: 2 });
  }

  /** Statements that take locks, kept until `release`. */
  async hold(...statements: readonly string[]): Promise<void> {
    const connection = await this.#db.dedicated();
    this.#held.push(connection);
    for (const statement of statements) await connection.query(statement);
  }

  /** The rows of the end of the chain: whoever appends waits. */
  async holdEndOfChain(): Promise<void> {
    await this.hold("START TRANSACTION", "SELECT seq FROM audit_chain_head FOR UPDATE");
  }

  /** Lets go of what is held now, when it is called. */
  heldSoFar(): () => void {
    const connections = this.#held.splice(0);
    return () => {
      for (const connection of connections) connection.close();
    };
  }

  /** Waits until this query's `n` is the number. */
  async sees(sql: string, n: number): Promise<void> {
    const look = async () => expect(Number((await this.#db.query<{ n: unknown }>(sql))[0]?.n)).toBe(n);
    await eventually(look, { timeoutMs: 20_000 });
  }

  release(): void {
    for (const connection of this.#held.splice(0)) connection.close();
  }

  /** Waits until somebody else runs such a statement on the schema. */
  async runs(statement: RegExp): Promise<void> {
    await eventually(
      async () => {
        const running = await this.#statements();
        expect(
          running.some((info) => statement.test(info)),
          running.join("\n"),
        ).toBe(true);
      },
      { timeoutMs: 20_000, everyMs: 10 },
    );
  }

  /** Waits until nobody runs such a statement: what the dead had begun is rolled back. */
  async isRidOf(statement: RegExp): Promise<void> {
    await eventually(async () => expect((await this.#statements()).filter((info) => statement.test(info))).toEqual([]));
  }

  async #statements(): Promise<string[]> {
    const rows = await this.#db.query<{ db: string | null; Info: string | null }>("SHOW FULL PROCESSLIST");
    return rows
      .filter(({ db, Info }) => db === this.#schema && Info !== null && !/^SHOW /.test(Info))
      .map(({ Info }) => Info ?? "");
  }

  /** Rows of the log with this reason, those not yet committed included. */
  async uncommitted(reason: string): Promise<number> {
    const connection = await this.#db.dedicated();
    try {
      await connection.query("SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED");
      const [found] = await connection.query<{ n: unknown }>(
        "SELECT COUNT(*) AS n FROM admin_operation_logs WHERE reason = ?",
        [reason],
      );
      return Number(found?.n);
    } finally {
      connection.close();
    }
  }

  async stop(): Promise<void> {
    this.release();
    await this.#db.stop();
  }
}
