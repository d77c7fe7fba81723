/**
 * Credits that an admin action moved, signed: what it says itself (`after.amount`), else the difference of the
 * balances; null when it says neither.
 */
export function amountOf(before: string, after: string): number | null {
  const then = parse(before);
  const now = parse(after);
  if (isWhole(now["amount"])) return now["amount"];
  const [from, to] = [then["balance"], now["balance"]];
  return isWhole(from) && isWhole(to) ? to - from : null;
}

/** The ledger row that an admin action wrote, when it says so. */
export function transactionOf(after: string): string | null {
  const id = parse(after)["transactionId"];
  return typeof id === "string" && /^\d{1,20}$/.test(id) ? id : null;
}

function parse(text: string): Record<string, unknown> {
  if (text === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value);
}
