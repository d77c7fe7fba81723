import { CodedError, ServiceUnavailable } from "../errors/coded.ts";

/** What an error of the driver means for the transaction it met. */
export type MysqlFailure =
  /** The transaction lost against another; the whole of it may run again. */
  | "retry"
  /** The server or the way to it is gone, or the server is exhausted; nothing is known about this connection any more. */
  | "connection"
  /** The statement was refused: a bug, or a SIGNAL of a procedure. */
  | "statement";

/** Server errors after which the same transaction may simply run again. */
const RETRY: ReadonlySet<number> = new Set([
  1205, // ER_LOCK_WAIT_TIMEOUT: rolls back only the statement, hence the explicit ROLLBACK
  1213, // ER_LOCK_DEADLOCK
  1020, // ER_CHECKREAD: MariaDB's "record has changed since last read"
  1412, // ER_TABLE_DEF_CHANGED: a migration ran in between
  1305, // ER_SP_DOES_NOT_EXIST: a migration drops and creates a changed procedure
  1146, // ER_NO_SUCH_TABLE: of the procedures that share a work table a migration has changed some and not yet the one that makes it
]);

/** Server errors that mean "not now", whatever the statement was. */
const CONNECTION: ReadonlySet<number> = new Set([
  // The server has run out of something or fails to write. Not 1114, a full MEMORY table: there it is the statement
  // that asks too much.
  1021, // ER_DISK_FULL
  1024, // ER_ERROR_ON_READ
  1026, // ER_ERROR_ON_WRITE
  1030, // ER_GET_ERRNO: "Got error … from storage engine"
  1037, // ER_OUTOFMEMORY
  1038, // ER_OUT_OF_SORTMEMORY
  1041, // ER_OUT_OF_RESOURCES
  1135, // ER_CANT_CREATE_THREAD
  1180, // ER_ERROR_DURING_COMMIT: an answer to COMMIT that says neither yes nor no
  1206, // ER_LOCK_TABLE_FULL
  1040, // ER_CON_COUNT_ERROR
  1044, // ER_DBACCESS_DENIED_ERROR: while the schema is being provisioned
  1045, // ER_ACCESS_DENIED_ERROR
  1049, // ER_BAD_DB_ERROR
  1053, // ER_SERVER_SHUTDOWN
  1152, // ER_ABORTING_CONNECTION
  1158, // ER_NET_READ_ERROR
  1159, // ER_NET_READ_INTERRUPTED
  1160, // ER_NET_ERROR_ON_WRITE
  1161, // ER_NET_WRITE_INTERRUPTED
  1184, // ER_NEW_ABORTING_CONNECTION
  1203, // ER_TOO_MANY_USER_CONNECTIONS
  1226, // ER_USER_LIMIT_REACHED
  1290, // ER_OPTION_PREVENTS_STATEMENT: read only
  1317, // ER_QUERY_INTERRUPTED
  1792, // ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION
  1836, // ER_READ_ONLY_MODE
  1927, // ER_CONNECTION_KILLED (MariaDB)
  3024, // ER_QUERY_TIMEOUT
  3169, // ER_SESSION_WAS_KILLED
  4031, // ER_CLIENT_INTERACTION_TIMEOUT
]);

export function errnoOf(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null || !("errno" in error)) return undefined;
  return typeof error.errno === "number" && error.errno > 0 ? error.errno : undefined;
}

/** Two transactions wanted the same rows, as opposed to the schema changing under way. */
export function isLockConflict(error: unknown): boolean {
  return [1205, 1213, 1020].includes(errnoOf(error) ?? 0);
}

export function classify(error: unknown): MysqlFailure {
  const errno = errnoOf(error);
  if (errno !== undefined) {
    if (RETRY.has(errno)) return "retry";
    return CONNECTION.has(errno) ? "connection" : "statement";
  }
  if (typeof error !== "object" || error === null) return "statement";
  if ("fatal" in error && error.fatal === true) return "connection";
  return "code" in error && typeof error.code === "string" && /^(E[A-Z]{3,}|PROTOCOL_)/.test(error.code)
    ? isNetworkCode(error.code)
    : "statement";
}

/** Node's system codes (ECONNREFUSED) and the driver's PROTOCOL_ codes; not the server's ER_ codes. */
function isNetworkCode(code: string): MysqlFailure {
  return code.startsWith("ER_") ? "statement" : "connection";
}

/** The database could not be asked at all, or rolled back: nothing has changed. */
export class DatabaseUnavailable extends ServiceUnavailable {
  /** "ended": a connection that had been made was gone; another one may work at once. */
  readonly kind: "ended" | "away";

  constructor(message: string, cause?: unknown, kind: "ended" | "away" = "away") {
    super("database_unavailable", { message, cause });
    this.kind = kind;
  }
}

/**
 * The connection ended, or the server failed, while COMMIT was under way: the change may or may not be there. Only an idempotency key (or
 * the inbox) can tell, so the transaction is never run again from here.
 */
export class OutcomeUnknown extends ServiceUnavailable {
  constructor(cause?: unknown) {
    super("outcome_unknown", { message: "the database failed while the change was being committed", cause });
  }
}

/** The same rows were wanted by too many for too long; everything was rolled back. */
export class DatabaseBusy extends ServiceUnavailable {
  constructor(message: string, cause?: unknown) {
    super("database_busy", { message, cause });
  }
}

/** The message a procedure gave to SIGNAL SQLSTATE '45000', which is how procedures refuse; undefined for others. */
export function signalOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("sqlState" in error) || error.sqlState !== "45000") {
    return undefined;
  }
  if ("sqlMessage" in error && typeof error.sqlMessage === "string") return error.sqlMessage;
  return error instanceof Error ? error.message : undefined;
}

/** True when another try may succeed although this one did not. */
export function isTransient(error: unknown): boolean {
  return error instanceof ServiceUnavailable || (!(error instanceof CodedError) && classify(error) !== "statement");
}
