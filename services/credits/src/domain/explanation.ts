import type { ExplainedGrant, Explanation } from "./ledger/account.ts";

/** A balance in words, one line a grant in the order of spending, and the sum last. */
export function explainInWords(explanation: Explanation): readonly string[] {
  const lines = explanation.grants.map(describeGrant);
  const held = explanation.held > 0 ? `, ${explanation.held} of them reserved` : "";
  return [...lines, `${explanation.balance} credits in total${held}`];
}

function describeGrant(grant: ExplainedGrant): string {
  const reserved = grant.reserved > 0 ? `, ${grant.reserved} of them reserved` : "";
  const expiry = grant.expiresAt === null ? "no expiry" : `expires ${grant.expiresAt.toISOString()}`;
  return `${grant.remaining} left of ${grant.kind} ${grant.id}${reserved} (priority ${grant.priority}, ${expiry})`;
}
