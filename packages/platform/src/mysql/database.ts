import { BrokenCircuitError, CircuitState, ConsecutiveBreaker, circuitBreaker, handleWhen } from "cockatiel";
import type { Part } from "../lifecycle/lifecycle.ts";
import type { Log } from "../log/log.ts";
import { counter, gauge, latency } from "../telemetry/metrics.ts";
import { childSpan } from "../telemetry/trace.ts";
import type { DedicatedConnection } from "./dedicated.ts";
import { classify, DatabaseBusy, DatabaseUnavailable, errnoOf, isLockConflict, OutcomeUnknown } from "./errors.ts";
import { isDeadConnection, MAX_STALE_CONNECTIONS, SessionPool } from "./pool.ts";
import type { Session } from "./session.ts";
import { type StreamOptions, streamRows } from "./stream.ts";
import { callStatement, resultSets, rowsOf, SessionTx, type Tx } from "./tx.ts";
import { parseMysqlUrl } from "./url.ts";

export interface DatabaseOptions {
  readonly url: string;
  /** Most connections at once. Default 16. */
  readonly poolSize?: number;
  readonly log: Log;
  /** Stands in logs, metrics and spans. Default: the schema's name. */
  readonly name?: string;
  /** How long a request may wait for a connection, new or pooled. Default 1,000 ms. */
  readonly acquireTimeoutMs?: number;
  /** How long one statement may run on a server that answers. Default 30,000 ms. */
  readonly statementTimeoutMs?: number;
  /** innodb_lock_wait_timeout of every session, whole seconds. Default 3. */
  readonly lockWaitSeconds?: number;
}

export interface TransactionOptions {
  /** Names the span and the metrics, e.g. "credits.consume". Default "transaction". */
  readonly name?: string;
  /** For long jobs. Default: the database's. */
  readonly statementTimeoutMs?: number;
}

/** Runs after the first: deadlocks and lock timeouts are retried this often. */
const MAX_RETRIES = 5;
/** No retry begins after this; a request must not wait for five lock timeouts. */
const RETRY_BUDGET_MS = 5_000;
const BREAK_AFTER_FAILURES = 5;
const HALF_OPEN_AFTER_MS = 500;

const transactionSeconds = latency("mysql_transaction_seconds", "Transactions, with waiting for a connection");
const retries = counter("mysql_retries", "Transactions run again after a deadlock or lock timeout");

/**
 * A pool of connections to one schema. Every transaction is READ COMMITTED in UTC. When the server is away, calls
 * fail with `database_unavailable` within 1.5 s (at once while the circuit is open), and work again by themselves
 * half a second after it returns.
 */
export class Database implements Part {
  readonly name: string;
  readonly #log: Log;
  readonly #pool: SessionPool;
  readonly #statementTimeoutMs: number;
  readonly #circuit = circuitBreaker(
    handleWhen((error) => error instanceof DatabaseUnavailable || error instanceof OutcomeUnknown),
    { halfOpenAfter: HALF_OPEN_AFTER_MS, breaker: new ConsecutiveBreaker(BREAK_AFTER_FAILURES) },
  );
  readonly #endGauges: (() => void)[];

  constructor(options: DatabaseOptions) {
    const target = parseMysqlUrl(options.url);
    this.name = options.name ?? `mysql:${target.schema}`;
    this.#log = options.log;
    this.#statementTimeoutMs = options.statementTimeoutMs ?? 30_000;
    this.#pool = new SessionPool({
      target,
      name: this.name,
      log: options.log,
      size: options.poolSize ?? 16,
      acquireTimeoutMs: options.acquireTimeoutMs ?? 1_000,
      lockWaitSeconds: options.lockWaitSeconds ?? 3,
    });
    this.#circuit.onBreak(() => this.#log.error({ database: this.name }, "circuit open: the database is away"));
    this.#circuit.onReset(() => this.#log.info({ database: this.name }, "circuit closed: the database is back"));
    const attributes = { database: this.name };
    this.#endGauges = [
      gauge("mysql_connections_held", "Connections in use", () => this.#pool.held, attributes),
      gauge("mysql_circuit_open", "1 while the database counts as away", () => (this.#away() ? 1 : 0), attributes),
    ];
  }

  /**
   * Runs fn in a transaction and commits it. fn may run several times (deadlocks), so it must do nothing outside the
   * transaction that may not happen twice.
   *
   * @throws DatabaseUnavailable (`database_unavailable`): nothing was changed.
   * @throws DatabaseBusy (`database_busy`): deadlocks or lock waits went on; nothing was changed.
   * @throws OutcomeUnknown (`outcome_unknown`): the connection ended or the server failed during COMMIT; the change may have been made.
   * @throws whatever fn throws, after ROLLBACK.
   */
  transaction<T>(fn: (tx: Tx) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    const name = options.name ?? "transaction";
    const timeoutMs = options.statementTimeoutMs ?? this.#statementTimeoutMs;
    return this.#measured(name, () => this.#persistently(name, () => this.#attempt(fn, timeoutMs)));
  }

  /** One procedure call in a transaction of its own; its first result set. */
  call<R = Record<string, unknown>>(procedure: string, ...args: readonly unknown[]): Promise<R[]> {
    return this.transaction((tx) => tx.call<R>(procedure, ...args), { name: procedure });
  }

  /** One reading statement outside any transaction; safe to run again, so it is when a connection turns out dead. */
  query<R = Record<string, unknown>>(sql: string, params: readonly unknown[] = []): Promise<R[]> {
    const attempt = async (session: Session) => rowsOf(await session.run(sql, params, this.#statementTimeoutMs)) as R[];
    return this.#measured("query", () => this.#persistently("query", () => this.#reading(attempt)));
  }

  /** Every result set of one procedure call that only reads, outside any transaction. */
  read(procedure: string, ...args: readonly unknown[]): Promise<unknown[][]> {
    const attempt = async (session: Session) =>
      resultSets(await session.run(callStatement(procedure, args), args, this.#statementTimeoutMs));
    return this.#measured(procedure, () => this.#persistently(procedure, () => this.#reading(attempt)));
  }

  /** Rows one by one, with back-pressure; ending the loop early closes the connection. For exports. */
  async *stream<R = Record<string, unknown>>(
    sql: string,
    params: readonly unknown[] = [],
    options: StreamOptions = {},
  ): AsyncIterable<R> {
    const session = await this.#circuit.execute(() => this.#pool.acquire()).catch(rethrowCircuit);
    let complete = false;
    try {
      yield* streamRows<R>(session.raw, sql, params, options);
      complete = true;
    } finally {
      if (!complete) session.destroy();
      this.#pool.release(session);
    }
  }

  /** A connection outside the pool, for GET_LOCK; the caller closes it. */
  dedicated(statementTimeoutMs = 5_000): Promise<DedicatedConnection> {
    return this.#circuit.execute(() => this.#pool.dedicated(statementTimeoutMs)).catch(rethrowCircuit);
  }

  /** Whether a trivial statement is answered now; never throws, bounded by 1.5 s. */
  async ready(): Promise<boolean> {
    try {
      await this.query("SELECT 1");
      return true;
    } catch {
      return false;
    }
  }

  stop(): Promise<void> {
    for (const end of this.#endGauges) end();
    return this.#pool.end();
  }

  #away(): boolean {
    return this.#circuit.state === CircuitState.Open || this.#circuit.state === CircuitState.HalfOpen;
  }

  async #measured<T>(name: string, run: () => Promise<T>): Promise<T> {
    const started = performance.now();
    let outcome = "ok";
    try {
      return await childSpan(`mysql ${name}`, run);
    } catch (error) {
      outcome = error instanceof DatabaseUnavailable ? "unavailable" : "error";
      throw error;
    } finally {
      transactionSeconds.record((performance.now() - started) / 1_000, { database: this.name, name, outcome });
    }
  }

  /** Through the circuit, again after a deadlock, with growing random pauses: equal pauses would meet again. */
  async #persistently<T>(name: string, attempt: () => Promise<T>): Promise<T> {
    const deadline = performance.now() + RETRY_BUDGET_MS;
    for (let run = 0; ; run++) {
      try {
        return await this.#circuit.execute(attempt);
      } catch (error) {
        if (error instanceof BrokenCircuitError) rethrowCircuit(error);
        if (classify(error) !== "retry") throw error;
        if (run >= MAX_RETRIES || performance.now() > deadline) {
          // A procedure that stays missing is a mistake, not a migration in progress.
          if (!isLockConflict(error)) throw error;
          throw new DatabaseBusy("the same rows are wanted by too many at once", error);
        }
        retries.add(1, { database: this.name, name, errno: errnoOf(error) ?? 0 });
        this.#log.debug({ database: this.name, name, run, errno: errnoOf(error) }, "transaction runs again");
        await pause(Math.random() * Math.min(400, 10 * 2 ** run));
      }
    }
  }

  #attempt<T>(fn: (tx: Tx) => Promise<T>, timeoutMs: number): Promise<T> {
    return this.#onSession(async (session) => {
      const tx = new SessionTx(session, timeoutMs);
      try {
        const result = await fn(tx);
        tx.close();
        if (session.lost !== undefined) throw session.lost;
        await this.#commit(session, timeoutMs);
        return result;
      } catch (error) {
        tx.close();
        await this.#rollback(session);
        throw error;
      }
    }, "START TRANSACTION");
  }

  async #commit(session: Session, timeoutMs: number): Promise<void> {
    if (session.broken) throw new DatabaseUnavailable("the connection to the database ended before COMMIT");
    try {
      await session.run("COMMIT", [], timeoutMs);
    } catch (error) {
      const broken = session.broken;
      session.destroy();
      // A server that refuses COMMIT has rolled back; silence, or a server that failed in the middle, says nothing.
      if (broken) throw new OutcomeUnknown(error);
      throw error;
    }
  }

  async #rollback(session: Session): Promise<void> {
    if (session.broken) return;
    try {
      await session.run("ROLLBACK", [], 2_000);
    } catch (error) {
      session.destroy();
      this.#log.debug({ err: error, database: this.name }, "ROLLBACK failed, connection destroyed");
    }
  }

  /** @param first a statement that opens the session's use; while it fails on a dead connection, another is taken. */
  async #onSession<T>(use: (session: Session) => Promise<T>, first?: string): Promise<T> {
    const session = await (first === undefined ? this.#pool.acquire() : this.#pool.acquireWith(first));
    try {
      return await use(session);
    } finally {
      this.#pool.release(session);
    }
  }

  /** What only reads may run again on another connection when the first one turns out dead. */
  async #reading<T>(attempt: (session: Session) => Promise<T>): Promise<T> {
    for (let tried = 1; ; tried++) {
      try {
        return await this.#onSession(attempt);
      } catch (error) {
        if (!isDeadConnection(error) || tried >= MAX_STALE_CONNECTIONS) throw error;
      }
    }
  }
}

function rethrowCircuit(error: unknown): never {
  if (error instanceof BrokenCircuitError) throw new DatabaseUnavailable("the database is away", error);
  throw error;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
