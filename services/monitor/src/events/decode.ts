import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { type IncomingEvent, messageOf, PoisonEvent } from "@stipend/platform/kafka/events";
import { parseTraceparent } from "@stipend/platform/telemetry/trace";
import { AdminActionRecordedSchema } from "@stipend/proto/events/admin/v1/events";
import {
  AccountStatus,
  CreditsChangedSchema,
  LowBalanceRecoveredSchema,
  LowBalanceSchema,
  UsageRejectedSchema,
} from "@stipend/proto/events/credits/v1/events";
import {
  AllowanceAnchor,
  FirstPeriod,
  type Membership,
  MembershipChange,
  MembershipChangedSchema,
  MembershipCycle,
  MembershipExpiringSchema,
  MembershipStatus,
} from "@stipend/proto/events/membership/v1/events";
import { AccessRefusedSchema } from "@stipend/proto/events/security/v1/events";
import { UsageReportedSchema } from "@stipend/proto/events/usage/v1/events";
import type { MembershipChanged, MonitorEvent } from "../domain/events.ts";
import { amountOf, transactionOf } from "./amount.ts";

/** Every type that the monitor reads. */
export const EVENT_TYPES = [
  CreditsChangedSchema,
  LowBalanceSchema,
  LowBalanceRecoveredSchema,
  UsageRejectedSchema,
  MembershipChangedSchema,
  MembershipExpiringSchema,
  AdminActionRecordedSchema,
  AccessRefusedSchema,
  UsageReportedSchema,
];

/** Logical topics that carry them. The alerts' own topic is not read: the monitor would hear itself. */
export const LOGICAL_TOPICS = ["credits.v1", "membership.v1", "admin.v1", "security.v1", "usage.v1"];

/** @throws PoisonEvent for one that no rule could ever judge: without a user, or with a number out of bounds. */
export function toMonitorEvent(event: IncomingEvent): MonitorEvent {
  const decoders = [credits, membership, expiring, admin, refused, usage, rejected];
  for (const decode of decoders) {
    const found = decode(event);
    if (found !== null) return found;
  }
  return { ...base(event, undefined), type: "other", kind: kindOf(event.type) };
}

function base(event: IncomingEvent, time: Timestamp | undefined) {
  const at = time === undefined ? event.time : timestampDate(time);
  return { id: event.id, at, traceId: parseTraceparent(event.traceparent)?.traceId ?? "" };
}

function credits(event: IncomingEvent): MonitorEvent | null {
  const message = messageOf(event, CreditsChangedSchema);
  if (message === undefined) return null;
  const { transaction } = message;
  if (transaction === undefined) throw new PoisonEvent(event.id, "there is no transaction in it");
  const whole = (value: bigint) => safeNumber(event, value);
  return {
    ...base(event, transaction.createdAt),
    type: "credits_changed",
    userId: userIdOf(event, message.userId),
    version: whole(message.version),
    balance: whole(message.balance),
    held: whole(message.held),
    status: message.status === AccountStatus.FROZEN ? "frozen" : "active",
    transaction: {
      id: transaction.id,
      type: transaction.type,
      amount: whole(transaction.amount),
      heldChange: whole(transaction.heldChange),
      balanceBefore: whole(transaction.balanceBefore),
      balanceAfter: whole(transaction.balanceAfter),
      reason: transaction.reason,
      feature: transaction.feature,
      actor: transaction.actor,
      grantKind: transaction.grantKind,
      relatedId: transaction.relatedId,
      heldAfter: whole(transaction.heldAfter),
      periodStart: dateOrNull(transaction.periodStart),
    },
    allowance:
      message.allowance === undefined
        ? null
        : {
            monthlyCredits: whole(message.allowance.monthlyCredits),
            remaining: whole(message.allowance.remaining),
            nextResetAt: dateOrNull(message.allowance.nextResetAt),
          },
  };
}

function membership(event: IncomingEvent): MonitorEvent | null {
  const message = messageOf(event, MembershipChangedSchema);
  if (message === undefined) return null;
  const state = message.membership;
  return {
    ...base(event, message.occurredAt),
    type: "membership_changed",
    userId: userIdOf(event, message.userId),
    version: safeNumber(event, message.version),
    change: (MembershipChange[message.change] ?? "unspecified").toLowerCase(),
    status: state === undefined ? null : (MembershipStatus[state.status] ?? "unspecified").toLowerCase(),
    tier: state?.terms?.tier ?? null,
    periodEnd: dateOrNull(state?.currentPeriodEnd),
    endsAt: dateOrNull(state?.expiresAt),
    terms: state === undefined ? null : termsOf(event, state),
  };
}

function termsOf(event: IncomingEvent, state: Membership): MembershipChanged["terms"] {
  const { terms, startedAt, currentPeriodStart } = state;
  if (terms === undefined || startedAt === undefined) return null;
  return {
    membershipId: state.membershipId,
    cycle: state.cycle === MembershipCycle.YEARLY ? "yearly" : "monthly",
    monthlyCredits: safeNumber(event, terms.monthlyCredits),
    rolloverCap: safeNumber(event, terms.rolloverCap),
    anchor: terms.anchor === AllowanceAnchor.ANNIVERSARY ? "anniversary" : "calendar",
    firstPeriod: terms.firstPeriod === FirstPeriod.PRORATED ? "prorated" : "full",
    startedAt: timestampDate(startedAt),
    periodStart: timestampDate(currentPeriodStart ?? startedAt),
    cancelAtPeriodEnd: state.cancelAtPeriodEnd,
    endedAt: dateOrNull(state.endedAt),
  };
}

function expiring(event: IncomingEvent): MonitorEvent | null {
  const message = messageOf(event, MembershipExpiringSchema);
  if (message === undefined) return null;
  return {
    ...base(event, message.occurredAt),
    type: "membership_expiring",
    userId: userIdOf(event, message.userId),
    membershipId: message.membershipId,
    tier: message.tier,
    daysLeft: message.daysLeft,
    endsAt: dateOrNull(message.endsAt),
  };
}

function admin(event: IncomingEvent): MonitorEvent | null {
  const message = messageOf(event, AdminActionRecordedSchema);
  if (message === undefined) return null;
  return {
    ...base(event, message.occurredAt),
    type: "admin_action",
    actionId: message.id,
    service: message.service,
    actor: message.actor,
    roles: message.roles,
    action: message.action,
    target: message.target,
    outcome: message.outcome,
    reason: message.reason,
    amount: amountOf(message.before, message.after),
    transactionId: transactionOf(message.after),
    ip: message.ip,
    userAgent: message.userAgent,
  };
}

function refused(event: IncomingEvent): MonitorEvent | null {
  const message = messageOf(event, AccessRefusedSchema);
  if (message === undefined) return null;
  const { subject, code, method, route, ip } = message;
  return { ...base(event, message.occurredAt), type: "access_refused", subject, code, method, route, ip };
}

function usage(event: IncomingEvent): MonitorEvent | null {
  const message = messageOf(event, UsageReportedSchema);
  if (message === undefined) return null;
  return {
    ...base(event, message.occurredAt),
    type: "usage_reported",
    userId: userIdOf(event, message.userId),
    amount: safeNumber(event, message.amount),
    feature: message.feature,
  };
}

function rejected(event: IncomingEvent): MonitorEvent | null {
  const message = messageOf(event, UsageRejectedSchema);
  if (message === undefined) return null;
  return {
    ...base(event, message.occurredAt),
    type: "usage_rejected",
    userId: userIdOf(event, message.userId),
    amount: safeNumber(event, message.amount),
    feature: message.feature,
    code: message.code,
  };
}

function dateOrNull(time: Timestamp | undefined): Date | null {
  return time === undefined ? null : timestampDate(time);
}

function userIdOf(event: IncomingEvent, userId: string): string {
  if (!/^[A-Za-z0-9._@|:-]{1,128}$/.test(userId)) throw new PoisonEvent(event.id, "its user id is not one");
  return userId;
}

function safeNumber(event: IncomingEvent, value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new PoisonEvent(event.id, `the number ${value} is out of bounds`);
  return number;
}

/** "stipend.credits.v1.LowBalance" → "credits.low_balance" */
function kindOf(type: string): string {
  const parts = type.split(".");
  const name = (parts.at(-1) ?? "").replace(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter}`).toLowerCase();
  return `${parts[1] ?? "unknown"}.${name}`.slice(0, 64);
}
