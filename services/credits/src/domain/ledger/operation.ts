// What operations of every kind say about themselves.

/** Written with an admin's action into the outbox as AdminActionRecorded, in the transaction of the change. */
export interface Audit {
  readonly id: string;
  readonly actor: string;
  readonly roles: readonly string[];
  /** e.g. "credits.grant"; at most 64 characters. */
  readonly action: string;
  /** At most 1,000 characters. */
  readonly reason: string;
  readonly ip?: string | undefined;
  readonly userAgent?: string | undefined;
  readonly requestId?: string | undefined;
  readonly traceId?: string | undefined;
}

/** What every operation says about where it comes from. */
export interface Origin {
  /** Subject of the caller, or "system". At most 128 characters. */
  readonly actor: string;
  /** At most 500 characters. */
  readonly reason: string;
  /** At most 64 characters. */
  readonly feature?: string | undefined;
  /** A JSON object, kept with the ledger row. At most 4 kB. */
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  /** W3C traceparent; travels through the outbox. */
  readonly traceparent?: string | undefined;
  readonly audit?: Audit | undefined;
}

/**
 * The idempotency key, unique per account and kind of operation and kept with the ledger row for ever. `requestHash`
 * tells a repeated request from another one under the same key; at most 64 characters (hex SHA-256).
 */
export interface Keyed {
  /** 1 to 255 visible ASCII characters. */
  readonly requestKey: string;
  readonly requestHash: string;
}
