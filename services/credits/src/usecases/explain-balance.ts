import { explainInWords } from "../domain/explanation.ts";
import type { Explanation } from "../domain/ledger/account.ts";
import type { UserId } from "../domain/ledger/terms.ts";
import type { LedgerReads } from "./ports.ts";

export interface ExplainedBalance extends Explanation {
  readonly lines: readonly string[];
}

/** What a balance was made of at a moment, grant by grant and in words; null when there is no such account. */
export async function explainBalance(
  reads: Pick<LedgerReads, "explain">,
  userId: UserId,
  at: Date,
): Promise<ExplainedBalance | null> {
  const explanation = await reads.explain(userId, at);
  return explanation === null ? null : { ...explanation, lines: explainInWords(explanation) };
}
