import type { Reply } from "@stipend/platform/http/serve";
import type { MembershipChange, User } from "@stipend/proto/http/membership";
import type { z } from "zod";
import type { ChangeAnswer } from "../usecases/change-membership.ts";
import type { HistoryEntry, UserStatus } from "../usecases/ports.ts";
import { type MembershipView, viewOf } from "../usecases/view.ts";
import { refuse } from "./refuse.ts";

export function membershipReply(view: MembershipView, replayed = false): Reply {
  return {
    body: view,
    headers: { ETag: `"${view.version}"`, ...(replayed ? { "Idempotent-Replayed": "true" } : {}) },
  };
}

/** @throws Problem for what the use case refused. */
export function changeReply(answer: ChangeAnswer): Reply {
  if (!answer.ok) throw refuse(answer);
  return membershipReply(answer.view, answer.replayed);
}

export function presentUser(user: UserStatus): z.output<typeof User> {
  const view = viewOf({ userId: user.userId, version: user.membershipVersion, membership: user.membership });
  return {
    userId: user.userId,
    email: user.email,
    name: user.name,
    tier: view.tier,
    status: view.status,
    cycle: view.cycle,
    startedAt: view.startedAt,
    currentPeriodEnd: view.currentPeriodEnd,
    expiresAt: view.expiresAt,
    cancelAtPeriodEnd: view.cancelAtPeriodEnd,
    pendingTier: view.pendingTier,
    monthlyCredits: view.monthlyCredits,
    lastTier: view.lastTier,
    endedAt: view.endedAt,
    membershipVersion: user.membershipVersion,
    balance: user.balance,
    held: user.held,
    balanceVersion: user.balanceVersion,
    accountStatus: user.accountStatus,
    firstSeenAt: user.firstSeenAt.toISOString(),
  };
}

export function presentChange(entry: HistoryEntry): z.output<typeof MembershipChange> {
  return { ...entry, occurredAt: entry.occurredAt.toISOString() };
}
