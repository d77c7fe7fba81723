import type { Session } from "./session.ts";
import { quoteName } from "./url.ts";

export interface Tx {
  /**
   * CALLs a procedure and returns its first result set ([] when it has none). Objects and arrays are passed as JSON
   * text, dates as DATETIME(3) in UTC, undefined as NULL.
   */
  call<R = Record<string, unknown>>(procedure: string, ...args: readonly unknown[]): Promise<R[]>;
  /** All result sets, in order. */
  callMulti(procedure: string, ...args: readonly unknown[]): Promise<unknown[][]>;
  query<R = Record<string, unknown>>(sql: string, params?: readonly unknown[]): Promise<R[]>;
}

export function callStatement(procedure: string, args: readonly unknown[]): string {
  return `CALL ${quoteName(procedure)}(${args.map(() => "?").join(",")})`;
}

/** The result sets of a CALL: mysql2 gives [rows, rows, …, header], or the header alone. */
export function resultSets(result: unknown): unknown[][] {
  if (!Array.isArray(result)) return [];
  return (result as unknown[]).filter((set): set is unknown[] => Array.isArray(set));
}

/** The rows of one statement: [] for statements without any. */
export function rowsOf(result: unknown): unknown[] {
  if (!Array.isArray(result)) return [];
  const sets = result as unknown[];
  return Array.isArray(sets[0]) ? sets[0] : sets;
}

/** A transaction in progress; refuses to be used after its end. */
export class SessionTx implements Tx {
  readonly #session: Session;
  readonly #timeoutMs: number;
  #open = true;

  constructor(session: Session, timeoutMs: number) {
    this.#session = session;
    this.#timeoutMs = timeoutMs;
  }

  async call<R>(procedure: string, ...args: readonly unknown[]): Promise<R[]> {
    const sets = await this.callMulti(procedure, ...args);
    return (sets[0] ?? []) as R[];
  }

  async callMulti(procedure: string, ...args: readonly unknown[]): Promise<unknown[][]> {
    return resultSets(await this.#run(callStatement(procedure, args), args));
  }

  async query<R>(sql: string, params: readonly unknown[] = []): Promise<R[]> {
    return rowsOf(await this.#run(sql, params)) as R[];
  }

  close(): void {
    this.#open = false;
  }

  async #run(sql: string, params: readonly unknown[]): Promise<unknown> {
    if (!this.#open) throw new Error("this transaction has ended; await everything inside its function");
    // After a deadlock the server has ended the transaction: what follows would commit by itself, statement by statement.
    if (this.#session.lost !== undefined) throw this.#session.lost;
    return this.#session.run(sql, params, this.#timeoutMs);
  }
}
