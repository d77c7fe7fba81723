import { createHash } from "node:crypto";

/** Which of the kinds of notice an alert leads to: repair, business, security, management, operations. */
export type Family = "consistency" | "membership" | "transactions" | "admin" | "machinery";
export const FAMILIES: readonly Family[] = ["consistency", "membership", "transactions", "admin", "machinery"];

export type Severity = "info" | "warning" | "critical";
const SEVERITIES: readonly Severity[] = ["info", "warning", "critical"];

export type AlertStatus = "open" | "acknowledged" | "resolved";

/** 1 to 3: what the table keeps. */
export function severityRank(severity: Severity): number {
  return SEVERITIES.indexOf(severity) + 1;
}

export function severityOf(rank: number): Severity {
  return SEVERITIES[rank - 1] ?? "critical";
}

export type Evidence = Readonly<Record<string, unknown>>;

/** What a rule says is wrong. */
export interface Finding {
  readonly rule: string;
  readonly family: Family;
  readonly fingerprint: string;
  readonly severity: Severity;
  readonly userId: string | null;
  readonly firstAt: Date;
  readonly lastAt: Date;
  /** add: events that made this finding; peak: the most events one window held. */
  readonly countMode: "add" | "peak";
  readonly count: number;
  readonly evidence: Evidence;
  /** How long after lastAt it is over by itself; null: not by time. */
  readonly recoverAfterMs: number | null;
  /** Told again although the alert is open and no more severe than before. */
  readonly tellAgain?: boolean;
}

/** The cause of an alert is gone. */
export interface Recovery {
  readonly fingerprint: string;
  readonly at: Date;
}

const MAX_FINGERPRINT = 255;

/** What makes two findings the same alert: the rule and what it is about. */
export function fingerprintOf(rule: string, subject: string): string {
  const plain = `${rule}:${subject}`;
  if (plain.length <= MAX_FINGERPRINT) return plain;
  return `${plain.slice(0, 180)}~${createHash("sha256").update(plain).digest("hex")}`;
}

const USER_ID = /^[A-Za-z0-9._@|:-]{1,128}$/;

/** A subject as the user id it is, or null: not everything that is refused has a user. */
export function asUserId(subject: string): string | null {
  return USER_ID.test(subject) ? subject : null;
}
