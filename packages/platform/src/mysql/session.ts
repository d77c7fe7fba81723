import type { Connection } from "mysql2";
import { classify, DatabaseBusy, DatabaseUnavailable } from "./errors.ts";
import { toSqlValue } from "./values.ts";
import type { InFlight, Watchdog } from "./watchdog.ts";

/**
 * One connection while somebody holds it. Remembers what makes it unfit for the pool or for a COMMIT: a connection
 * whose state is not known is destroyed, never handed on.
 */
export class Session {
  readonly #connection: Connection;
  readonly #watchdog: Watchdog;
  #broken = false;
  #lost: unknown;

  constructor(connection: Connection, watchdog: Watchdog) {
    this.#connection = connection;
    this.#watchdog = watchdog;
  }

  get broken(): boolean {
    return this.#broken;
  }

  /**
   * The error by which the server ended or may have ended the transaction (deadlock, lock timeout), if it did.
   * Somebody may have caught it; committing what is left would commit half a transaction.
   */
  get lost(): unknown {
    return this.#lost;
  }

  /**
   * @param timeoutMs after which the connection is given up, although the server answers others.
   * @param waitsMs for so long the statement waits by intention (GET_LOCK): no sign of a server that is silent.
   */
  run(sql: string, params: readonly unknown[], timeoutMs: number, waitsMs = 0): Promise<unknown> {
    const values = params.map(toSqlValue);
    return new Promise((resolve, reject) => {
      const item: InFlight = {
        startedAt: performance.now() + waitsMs,
        timeoutMs,
        abandon: (reason) => {
          this.destroy();
          reject(
            reason === "timeout"
              ? new DatabaseBusy(`a statement took longer than ${timeoutMs} ms`)
              : new DatabaseUnavailable("the database has stopped answering"),
          );
        },
      };
      this.#watchdog.watch(item);
      this.#connection.query({ sql, values }, (error, result) => {
        this.#watchdog.forget(item);
        if (error === null) resolve(result);
        else reject(this.#failed(error));
      });
    });
  }

  #failed(error: unknown): unknown {
    switch (classify(error)) {
      case "connection":
        this.#broken = true;
        return new DatabaseUnavailable("the connection to the database ended", error, "ended");
      case "retry":
        this.#lost ??= error;
        return error;
      default:
        return error;
    }
  }

  get raw(): Connection {
    return this.#connection;
  }

  destroy(): void {
    this.#broken = true;
    this.#connection.destroy();
  }
}
