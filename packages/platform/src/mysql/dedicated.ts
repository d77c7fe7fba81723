import { type Connection, createConnection } from "mysql2";
import { classify, DatabaseUnavailable } from "./errors.ts";
import { Session } from "./session.ts";
import { callStatement, resultSets, rowsOf, SessionTx, type Tx } from "./tx.ts";
import { connectionOptions, type MysqlTarget, sessionStatements } from "./url.ts";
import type { Watchdog } from "./watchdog.ts";

/**
 * A connection of its own, outside the pool, for what belongs to a connection: GET_LOCK. Once it is lost it stays lost;
 * the holder then has to stop what the lock allowed.
 */
export class DedicatedConnection {
  readonly #connection: Connection;
  readonly #session: Session;
  readonly #timeoutMs: number;
  #closed = false;

  private constructor(connection: Connection, watchdog: Watchdog, timeoutMs: number) {
    this.#connection = connection;
    this.#session = new Session(connection, watchdog);
    this.#timeoutMs = timeoutMs;
    const close = () => {
      this.#closed = true;
    };
    connection.on("error", close);
    connection.on("end", close);
  }

  /** @throws DatabaseUnavailable. */
  static async open(
    target: MysqlTarget,
    watchdog: Watchdog,
    options: { connectTimeoutMs: number; statementTimeoutMs: number; lockWaitSeconds: number },
  ): Promise<DedicatedConnection> {
    const connection = createConnection({ ...connectionOptions(target), connectTimeout: options.connectTimeoutMs });
    await new Promise<void>((resolve, reject) => {
      connection.connect((error) => {
        if (error === null) resolve();
        else reject(new DatabaseUnavailable("no connection to the database", error));
      });
      // The driver reports a failed connect to the callback and may emit it as well.
      connection.on("error", () => undefined);
    });
    const dedicated = new DedicatedConnection(connection, watchdog, options.statementTimeoutMs);
    try {
      for (const statement of sessionStatements(options.lockWaitSeconds)) await dedicated.query(statement);
      return dedicated;
    } catch (error) {
      dedicated.close();
      throw error;
    }
  }

  get closed(): boolean {
    return this.#closed || this.#session.broken;
  }

  /** @param waitsMs see Session.run */
  async query<R = Record<string, unknown>>(sql: string, params: readonly unknown[] = [], waitsMs = 0): Promise<R[]> {
    return rowsOf(await this.#session.run(sql, params, this.#timeoutMs, waitsMs)) as R[];
  }

  async call<R = Record<string, unknown>>(procedure: string, ...args: readonly unknown[]): Promise<R[]> {
    const sets = resultSets(await this.#session.run(callStatement(procedure, args), args, this.#timeoutMs));
    return (sets[0] ?? []) as R[];
  }

  /** One attempt: whoever needs a lock of the connection decides itself what to do after a failure. */
  async transaction<T>(fn: (tx: Tx) => Promise<T>): Promise<T> {
    await this.query("START TRANSACTION");
    const tx = new SessionTx(this.#session, this.#timeoutMs);
    try {
      const result = await fn(tx);
      tx.close();
      if (this.#session.lost !== undefined) throw this.#session.lost;
      await this.query("COMMIT");
      return result;
    } catch (error) {
      tx.close();
      // Nothing is known about the transaction any more: the connection, and its lock, go with it.
      if (classify(error) === "statement") await this.query("ROLLBACK").catch(() => this.close());
      else this.close();
      throw error;
    }
  }

  close(): void {
    this.#closed = true;
    this.#connection.destroy();
  }
}
