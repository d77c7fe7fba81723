import type { Approval } from "../domain/approvals.ts";
import type { AccountView } from "../domain/ledger/account.ts";
import type { Hold } from "../domain/ledger/holds.ts";
import type { Done } from "../domain/ledger/outcomes.ts";
import type { CreditPackage } from "../domain/ledger/packages.ts";
import type { Draw, LedgerRow } from "../domain/ledger/transactions.ts";

// From the words of the domain to the bodies of proto/http/credits/; nothing is decided here.

export function accountBody(account: AccountView, asOf: Date) {
  return {
    userId: account.userId,
    balance: account.balance,
    held: account.held,
    available: account.available,
    version: account.version,
    status: account.status,
    allowance:
      account.allowance === null
        ? null
        : { ...account.allowance, nextResetAt: account.allowance.nextResetAt?.toISOString() ?? null },
    grants: account.grants
      .filter((grant) => grant.remaining > 0)
      .map(({ id, kind, remaining, priority, expiresAt }) => ({
        id,
        kind,
        remaining,
        priority,
        expiresAt: expiresAt?.toISOString() ?? null,
      })),
    lowBalanceThreshold: account.lowBalanceThreshold,
    asOf: asOf.toISOString(),
  };
}

function drawsBody(draws: readonly Draw[]) {
  return draws
    .filter((draw) => draw.change !== 0)
    .map(({ grantId, kind, change }) => ({ grantId, kind, amount: Math.abs(change) }));
}

/** `amount` without its sign: a consumption of 3 answers 3. */
export function movementBody({ transaction }: Pick<Done, "transaction">) {
  return {
    transactionId: transaction.id,
    userId: transaction.userId,
    amount: Math.abs(transaction.amount),
    balanceBefore: transaction.balanceBefore,
    balanceAfter: transaction.balanceAfter,
    heldAfter: transaction.heldAfter,
    available: transaction.balanceAfter - transaction.heldAfter,
    version: transaction.version,
    draws: drawsBody(transaction.draws),
  };
}

export function transactionBody(row: LedgerRow) {
  return {
    id: row.id,
    type: row.type,
    amount: row.amount,
    balanceBefore: row.balanceBefore,
    balanceAfter: row.balanceAfter,
    heldAfter: row.heldAfter,
    version: row.version,
    reason: row.reason,
    feature: row.feature,
    createdAt: row.createdAt.toISOString(),
    relatedId: row.relatedTransactionId ?? row.holdId,
    draws: drawsBody(row.draws),
    heldChange: row.heldChange,
    grantKind: row.grantKind,
    actor: row.actor,
    metadata: row.metadata,
  };
}

export function holdBody(hold: Hold) {
  return {
    holdId: hold.holdId,
    userId: hold.userId,
    amount: hold.amount,
    captured: hold.captured,
    status: hold.status,
    expiresAt: hold.expiresAt.toISOString(),
    createdAt: hold.createdAt.toISOString(),
    endedAt: hold.endedAt?.toISOString() ?? null,
    reason: hold.reason,
    feature: hold.feature,
    transactionId: hold.captureTransactionId,
  };
}

/** The answer to a new hold; repeated later, it is the first answer whatever became of the hold. */
export function holdMadeBody({ transaction, extra }: Done<{ readonly hold: Hold }>) {
  return {
    holdId: extra.hold.holdId,
    userId: transaction.userId,
    amount: extra.hold.amount,
    expiresAt: extra.hold.expiresAt.toISOString(),
    version: transaction.version,
    balanceAfter: transaction.balanceAfter,
    heldAfter: transaction.heldAfter,
    available: transaction.balanceAfter - transaction.heldAfter,
  };
}

/** `amount`: what was spent by a capture, what was freed by a release. */
export function holdEndedBody(done: Done<{ readonly hold: Hold }>) {
  const body = movementBody(done);
  const { hold } = done.extra;
  return {
    ...body,
    amount: hold.status === "captured" ? body.amount : hold.amount,
    holdId: hold.holdId,
    status: hold.status,
  };
}

export function packageBody(offer: CreditPackage) {
  const { code, name, credits, priceMinor, currency, validDays, requiresMembership } = offer;
  return { code, name, credits, priceMinor, currency, validDays, requiresMembership };
}

export function adminPackageBody(offer: CreditPackage) {
  return { ...packageBody(offer), priority: offer.priority, active: offer.active, version: offer.version };
}

export function granted(done: Pick<Done, "transaction">) {
  if (done.transaction.grantId === null) throw new Error("a grant without the id of its grant");
  return { ...movementBody(done), grantId: done.transaction.grantId };
}

export function approvalBody(approval: Approval) {
  const { id, status, kind, userId, amount, request, reason } = approval;
  return {
    id,
    status,
    operation: kind === "purchase" ? "package" : kind,
    userId,
    amount,
    kind: request.kind ?? null,
    priority: request.priority ?? null,
    grantExpiresAt: request.expiresAt ?? null,
    refundedTransactionId: request.transactionId ?? null,
    code: request.code ?? null,
    reason,
    proposedBy: approval.proposedBy,
    proposedAt: approval.proposedAt.toISOString(),
    expiresAt: approval.expiresAt.toISOString(),
    decidedBy: approval.decidedBy,
    decidedAt: approval.decidedAt?.toISOString() ?? null,
    decisionReason: approval.decisionReason,
    transactionId: approval.transactionId,
  };
}
