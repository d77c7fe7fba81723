import { CodedError } from "@stipend/platform/errors/coded";
import { type Comparison, proposedRepair, type RepairAction } from "../domain/consistency.ts";
import type { JobRules } from "../rules/all.ts";
import { checkAccounts } from "./check-consistency.ts";
import type { CheckSource, CheckStore } from "./ports.ts";

/** The admin on whose behalf a service is asked. */
export interface RepairAsker {
  readonly sub: string;
  readonly roles: readonly string[];
  readonly ip: string;
  readonly userAgent: string;
  readonly requestId: string;
  readonly traceparent: string | null;
}

export interface BooksRepair {
  /** waits: another admin has to approve it. impossible: something would still differ; nothing was done. */
  readonly outcome: "repaired" | "waits" | "nothing_to_repair" | "proposal_outdated" | "impossible";
  readonly transactionId: string | null;
  readonly approvalId: string | null;
}

/** Each does what it is asked with its audit event, in one transaction. */
export interface Repairer {
  /** Has credits make the account agree with its ledger, if what differs is still what the proposal names. */
  mendBooks(comparison: Comparison, proposal: string, reason: string, asker: RepairAsker): Promise<BooksRepair>;
  /** Has membership take over what credits says, if the view still shows what was compared. */
  refresh(
    comparison: Comparison,
    reason: string,
    asker: RepairAsker,
  ): Promise<"repaired" | "changed_meanwhile" | "unknown_user">;
}

export interface RepairParts {
  readonly source: CheckSource;
  readonly checks: CheckStore;
  readonly rules: JobRules;
  readonly repairer: Repairer;
}

export interface RepairCommand {
  readonly userId: string;
  readonly reason: string;
  /** Of what the admin looked at; left out: whatever differs by now. */
  readonly proposal?: string | undefined;
  readonly asker: RepairAsker;
  readonly now: Date;
}

export interface Repaired {
  readonly action: RepairAction;
  /** The row of the ledger that tells of it. */
  readonly transactionId: string | null;
  readonly before: Comparison;
  readonly after: Comparison;
}

/** An account that moves on while it is mended is compared anew so often. */
const MAX_TRIES = 3;

/**
 * Compares an account now and has done what is proposed. Books that do not agree are credits' to mend; the view then
 * hears of it by the ordinary event. A view that differs from sound books, or stands still behind them, takes over what
 * they say.
 *
 * @returns approvalId: it changes so much that another admin has to approve it; nothing was done yet.
 * @throws CodedError user_not_found, nothing_to_repair, proposal_outdated, repair_by_hand.
 */
export async function repairAccount(
  { source, checks, rules, repairer }: RepairParts,
  { userId, reason, proposal, asker, now }: RepairCommand,
): Promise<Repaired | { readonly approvalId: string }> {
  const look = async () => {
    const { comparisons } = await checkAccounts(source, checks, rules, [userId], now);
    const [comparison] = comparisons;
    if (comparison === undefined) throw new CodedError("user_not_found");
    return comparison;
  };
  const before = await look();
  if (before.result === "equal") throw new CodedError("nothing_to_repair");
  const proposed = proposedRepair(before);
  if (proposed === null) throw byHand(before);
  if (proposal !== undefined && proposal !== proposed.proposal) throw outdated(before);
  if (proposed.action === "repair_books") {
    const mended = await repairer.mendBooks(before, proposed.proposal, reason, asker);
    const after = await look();
    switch (mended.outcome) {
      case "repaired":
        return { action: "repair_books", transactionId: mended.transactionId, before, after };
      case "waits":
        return { approvalId: mended.approvalId ?? "" };
      case "nothing_to_repair":
        throw new CodedError("nothing_to_repair");
      case "proposal_outdated":
        throw outdated(after);
      case "impossible":
        throw byHand(after);
    }
  }
  let current = before;
  for (let tries = 1; tries <= MAX_TRIES && current.result !== "equal" && current.booksAreSound; tries++) {
    await repairer.refresh(current, reason, asker);
    current = await look();
  }
  return { action: "refresh_view", transactionId: null, before, after: current };
}

function byHand({ problems }: Comparison): CodedError {
  return new CodedError("repair_by_hand", { details: { problems } });
}

/** Says what differs now, so that the admin can look at it and decide again. */
function outdated(comparison: Comparison): CodedError {
  const { problems } = comparison;
  return new CodedError("proposal_outdated", {
    details: { problems, proposal: proposedRepair(comparison)?.proposal ?? null },
  });
}
