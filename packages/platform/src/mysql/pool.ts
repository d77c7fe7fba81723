import { createConnection, createPool, type Pool, type PoolConnection } from "mysql2";
import type { Log } from "../log/log.ts";
import { DedicatedConnection } from "./dedicated.ts";
import { DatabaseBusy, DatabaseUnavailable, errnoOf } from "./errors.ts";
import { Session } from "./session.ts";
import { connectionOptions, type MysqlTarget, sessionStatements } from "./url.ts";
import { Watchdog } from "./watchdog.ts";

export interface PoolOptions {
  readonly target: MysqlTarget;
  readonly size: number;
  readonly log: Log;
  readonly name: string;
  readonly acquireTimeoutMs: number;
  readonly lockWaitSeconds: number;
}

/** Idle connections may have died since they were last used: nothing has been sent then, so another one is tried. */
export const MAX_STALE_CONNECTIONS = 3;
const SUSPECT_AFTER_MS = 500;
const PROBE_TIMEOUT_MS = 600;
/** Longer than the watchdog needs to find out that the server is silent. */
const FIRST_TIMEOUT_MS = 3_000;
const END_TIMEOUT_MS = 2_000;

/** mysql2's pool with what it lacks: bounds on waiting, sessions set up alike, a watchdog over what is in flight. */
export class SessionPool {
  readonly #options: PoolOptions;
  readonly #log: Log;
  readonly #pool: Pool;
  readonly #watchdog: Watchdog;
  #held = 0;
  #ended: Promise<void> | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#log = options.log;
    this.#pool = createPool({
      ...connectionOptions(options.target),
      connectionLimit: options.size,
      maxIdle: options.size,
      waitForConnections: true,
      connectTimeout: options.acquireTimeoutMs,
    });
    const setup = sessionStatements(options.lockWaitSeconds);
    this.#pool.on("connection", (connection: PoolConnection) => this.#prepare(connection, setup));
    this.#watchdog = new Watchdog({
      log: options.log,
      suspectAfterMs: SUSPECT_AFTER_MS,
      probe: () => this.#serverAnswers(),
    });
  }

  /** Connections in use. */
  get held(): number {
    return this.#held;
  }

  /**
   * A session for the caller alone, who releases it.
   *
   * @throws DatabaseUnavailable, DatabaseBusy within acquireTimeoutMs.
   */
  acquire(): Promise<Session> {
    if (this.#ended !== undefined) return Promise.reject(new DatabaseUnavailable("the pool is closed"));
    return new Promise((resolve, reject) => {
      let late = false;
      const timer = setTimeout(() => {
        late = true;
        reject(this.#waitedTooLong());
      }, this.#options.acquireTimeoutMs);
      this.#pool.getConnection((error, connection) => {
        clearTimeout(timer);
        if (late) {
          if (error === null) connection.release();
        } else if (error === null) {
          this.#held += 1;
          resolve(new Session(connection, this.#watchdog));
        } else {
          reject(new DatabaseUnavailable("no connection to the database", error));
        }
      });
    });
  }

  /** acquire with the session's first statement; while that fails on a connection that turns out dead, another is taken. */
  async acquireWith(first: string): Promise<Session> {
    for (let tried = 1; ; tried++) {
      const session = await this.acquire();
      try {
        await session.run(first, [], FIRST_TIMEOUT_MS);
        return session;
      } catch (error) {
        session.destroy();
        this.release(session);
        if (!isDeadConnection(error) || tried >= MAX_STALE_CONNECTIONS) throw error;
      }
    }
  }

  /** Back to the pool, or away with it when its state is not known. */
  release(session: Session): void {
    this.#held -= 1;
    const connection = session.raw as PoolConnection;
    if (session.broken) connection.destroy();
    else connection.release();
  }

  /** A connection outside the pool. */
  dedicated(statementTimeoutMs: number): Promise<DedicatedConnection> {
    if (this.#ended !== undefined) return Promise.reject(new DatabaseUnavailable("the pool is closed"));
    const { target, acquireTimeoutMs, lockWaitSeconds } = this.#options;
    const options = { connectTimeoutMs: acquireTimeoutMs, statementTimeoutMs, lockWaitSeconds };
    return DedicatedConnection.open(target, this.#watchdog, options);
  }

  end(): Promise<void> {
    this.#ended ??= this.#close();
    return this.#ended;
  }

  async #close(): Promise<void> {
    const ended = new Promise<void>((resolve) => this.#pool.end(() => resolve()));
    // A server that is silent never confirms.
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, END_TIMEOUT_MS).unref())]);
    this.#watchdog.stop();
  }

  #waitedTooLong(): Error {
    const { size, acquireTimeoutMs } = this.#options;
    return this.#held >= size && !this.#watchdog.suspicious
      ? new DatabaseBusy(`all ${size} connections are in use`)
      : new DatabaseUnavailable(`no connection within ${acquireTimeoutMs} ms`);
  }

  #prepare(connection: PoolConnection, statements: readonly string[]): void {
    // The pool listens for the first error only; a second one without a listener would end the process.
    connection.on("error", (error) =>
      this.#log.debug({ err: error, database: this.#options.name }, "connection error"),
    );
    for (const statement of statements) {
      connection.query(statement, (error) => {
        if (error === null) return;
        this.#log.error({ err: error, database: this.#options.name }, "a new connection could not be set up");
        connection.destroy();
      });
    }
  }

  /** Any packet of the server counts as an answer, a refusal included. */
  #serverAnswers(): Promise<boolean> {
    return new Promise((resolve) => {
      const options = { ...connectionOptions(this.#options.target), connectTimeout: PROBE_TIMEOUT_MS };
      const probe = createConnection(options);
      let greeted = false;
      const finish = (answered: boolean) => {
        // After a stall of this process the timer runs before the packets that have arrived meanwhile: let them in.
        setImmediate(() =>
          setImmediate(() => {
            probe.destroy();
            resolve(answered || greeted);
          }),
        );
      };
      probe.once("connect", () => {
        greeted = true;
        finish(true);
      });
      probe.on("error", (error) => finish(errnoOf(error) !== undefined));
    });
  }
}

/** The connection had ended, as opposed to a server that cannot be reached or is silent. */
export function isDeadConnection(error: unknown): boolean {
  return error instanceof DatabaseUnavailable && error.kind === "ended";
}
