import { endsAt, type Membership } from "../domain/membership.ts";
import type { Asker, Change, ChangeStep, TierChange } from "../usecases/ports.ts";
import { sqlTime } from "./rows.ts";

/** A change as the procedures read it. Absent values are left out: a JSON null is not SQL's NULL on every engine. */
export function changeItem(step: ChangeStep, change: Change): Record<string, unknown> {
  const { asker, keep } = change;
  return {
    userId: change.userId,
    expectedVersion: change.expectedVersion,
    changeId: change.changeId,
    change: change.change,
    ...stateFor(step, change),
    actor: asker.actor,
    reason: change.reason,
    traceparent: asker.traceparent,
    admin: adminItem(change),
    request:
      keep === undefined
        ? undefined
        : {
            operation: keep.request.operation,
            key: keep.request.key,
            hash: keep.request.hash,
            response: keep.response,
          },
  };
}

/** Only what the step's procedure reads: a batch is parsed by every statement of it. */
function stateFor(step: ChangeStep, { before, next }: Change): Record<string, unknown> {
  if (next === null) return {};
  if (step === "renew") {
    return { periodStart: sqlTime(next.currentPeriodStart), periodEnd: sqlTime(next.currentPeriodEnd) };
  }
  if (step !== "set") return {};
  const endChanged = !sameMoment(before === null ? null : endsAt(before), endsAt(next));
  return { ...stateItem(next), endChanged: endChanged ? 1 : 0 };
}

function stateItem(state: Membership): Record<string, unknown> {
  return {
    membershipId: state.membershipId,
    cycle: state.cycle,
    terms: state.terms,
    pendingTerms: state.pendingTerms ?? undefined,
    pendingCycle: state.pendingCycle ?? undefined,
    startedAt: sqlTime(state.startedAt),
    periodStart: sqlTime(state.currentPeriodStart),
    periodEnd: sqlTime(state.currentPeriodEnd),
    expiresAt: sqlTime(state.expiresAt),
    cancelAtPeriodEnd: state.cancelAtPeriodEnd ? 1 : 0,
  };
}

function adminItem({ asker, audit }: Change): Record<string, unknown> | undefined {
  if (asker.admin === undefined || audit === undefined) return undefined;
  return { ...actItem(asker, audit.before, audit.after), action: audit.action };
}

function actItem(asker: Asker, before: string, after: string): Record<string, unknown> {
  return { ...asker.admin, before, after };
}

export function tierItem(change: TierChange): Record<string, unknown> {
  const { version: _version, offered, ...tier } = change.tier;
  return {
    ...tier,
    offered: offered ? 1 : 0,
    expectedVersion: change.expectedVersion,
    changeId: change.changeId,
    traceparent: change.asker.traceparent,
    admin: {
      ...actItem(change.asker, change.before, change.after),
      actor: change.asker.actor,
      reason: change.reason,
    },
  };
}

function sameMoment(a: Date | null, b: Date | null): boolean {
  return a?.getTime() === b?.getTime();
}
