import { type DestinationStream, type Logger, pino, stdSerializers } from "pino";

export type Log = Logger;

export interface LogOptions {
  readonly service: string;
  readonly level?: string;
  /** Where lines go; default stdout. */
  readonly destination?: DestinationStream;
}

/**
 * Names whose values never reach a log line, at the top level and one or two levels down (pino's redaction has no
 * "at any depth").
 */
const SECRET_NAMES = [
  "authorization",
  "cookie",
  "password",
  "token",
  "secret",
  "privateKey",
  "apiKey",
  '["set-cookie"]',
  '["idempotency-key"]',
  '["x-api-key"]',
];

function redactPaths(): string[] {
  return SECRET_NAMES.flatMap((name) => {
    const joint = name.startsWith("[") ? "" : ".";
    return [name, `*${joint}${name}`, `*.*${joint}${name}`, `*.*.*${joint}${name}`];
  });
}

/** URLs with user:password@ appear in the messages of drivers; the password is cut out of them. */
function hidePasswords(text: string): string {
  return text.replace(/(\w+:\/\/[^\s:/@]*):[^\s@/]+@/g, "$1:[secret]@");
}

/** mysql2 puts the whole statement with its values on the error: user data, and long. */
function serializeError(error: Error): unknown {
  const plain = stdSerializers.err(error) as unknown;
  if (typeof plain !== "object" || plain === null) return plain;
  const { sql: _sql, ...rest } = plain as Record<string, unknown>;
  return rest;
}

/** JSON lines on stdout, one object a line, secrets redacted. */
export function createLog(options: LogOptions): Log {
  return pino(
    {
      level: options.level ?? "info",
      base: { service: options.service, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: redactPaths(), censor: "[secret]" },
      serializers: { err: serializeError, error: serializeError },
      // Over the whole line: pino takes an error's message for the line's own as well.
      hooks: { streamWrite: hidePasswords },
    },
    options.destination ?? pino.destination({ dest: 1, sync: false }),
  );
}

/** Swallows everything; for unit tests. */
export function silentLog(): Log {
  return pino({ level: "silent" });
}
