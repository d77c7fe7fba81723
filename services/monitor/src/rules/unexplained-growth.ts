import { asUserId, type Evidence } from "../domain/alerts.ts";
import type { CreditsChanged } from "../domain/events.ts";
import { texts, whole } from "../domain/settings.ts";
import { defineRule } from "./rule.ts";
import type { Signal } from "./signal.ts";

/** A balance that grows without a known cause: money out of nothing. */
export const unexplainedGrowth = defineRule({
  name: "unexplained_growth",
  family: "transactions",
  about:
    "A balance grows and no cause is known: it is higher than the row before left it, a row does not add up, a refund names no consumption, or an adjustment or grant of `adminKinds` has no admin action within `patienceMinutes`. By hand; a cause that comes late ends it.",
  settings: {
    adminKinds: texts(["bonus", "adjustment", "purchase", "refund"], "kinds of grants that only an admin gives"),
    patienceMinutes: whole(10, 1, 1_440, "how long the record of an admin action may take"),
  },
  observe(event, settings, { balanceBefore }) {
    if (event.type === "admin_action") {
      if (event.outcome !== "succeeded" || event.transactionId === null || asUserId(event.target) === null) return [];
      return [{ kind: "met", key: keyOf(event.target, event.transactionId) }];
    }
    if (event.type !== "credits_changed") return [];
    const broken = brokenRow(event, balanceBefore);
    if (broken !== null) return [found(event, broken)];
    const { transaction, userId } = event;
    if (transaction.amount <= 0) return [];
    if (transaction.type === "refund" && transaction.relatedId === "") return [found(event, "refund_of_nothing")];
    if (!needsAdmin(event, settings.adminKinds)) return [];
    const evidence = evidenceOf(event, "no_admin_action");
    return [{ kind: "expect", key: keyOf(userId, transaction.id), userId, evidence }];
  },
  patienceMs: (settings) => settings.patienceMinutes * 60_000,
});

/** Only rows by which the account gained: what it lost is a matter of consistency. */
function brokenRow(event: CreditsChanged, balanceBefore: number | null): string | null {
  const { transaction, balance } = event;
  if (balanceBefore !== null && transaction.balanceBefore > balanceBefore) return "jump_between_rows";
  if (transaction.balanceAfter > transaction.balanceBefore + transaction.amount) return "row_does_not_add_up";
  return balance > transaction.balanceAfter ? "balance_above_its_row" : null;
}

function needsAdmin({ transaction }: CreditsChanged, kinds: readonly string[]): boolean {
  if (transaction.type === "adjust") return true;
  return transaction.type === "grant" && transaction.periodStart === null && kinds.includes(transaction.grantKind);
}

function keyOf(userId: string, transactionId: string): string {
  return `${userId}/${transactionId}`.slice(0, 190);
}

function found(event: CreditsChanged, cause: string): Signal {
  const { userId } = event;
  return { kind: "finding", subject: userId, userId, severity: "critical", evidence: evidenceOf(event, cause) };
}

function evidenceOf({ transaction, version, at, traceId, balance }: CreditsChanged, problem: string): Evidence {
  const { id: transactionId, type, amount, balanceBefore, balanceAfter, grantKind, reason, actor } = transaction;
  return {
    problem,
    transactionId,
    type,
    amount,
    balanceBefore,
    balanceAfter,
    balance,
    grantKind,
    version,
    reason,
    actor,
    at: at.toISOString(),
    traceId,
  };
}
