/**
 * What comes from the network, from storage or from another window is looked at field by field; what does not fit is
 * as if it had not come. Only known fields are taken over.
 */
import type { Change, Credits, Draw, Grant, Membership, Movement, Shortfall, Transaction, WayOut } from "./types.ts";

const MAX_TEXT = 1_024;
const MAX_ITEMS = 1_000;

export type Fields = Record<string, unknown>;

export function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.length <= MAX_TEXT;
}

/** What the sign after a field's name in a shape says of its value; a text without one. Behind it, "?": it may be null. */
const KINDS: Readonly<Record<string, (value: unknown) => boolean>> = {
  "#": Number.isSafeInteger,
  "+": (value) => Number.isSafeInteger(value) && (value as number) >= 0,
  "!": (value) => typeof value === "boolean",
};

/** The fields of the shape, when each fits. */
export function pick<T>(value: unknown, shape: string): T | undefined {
  if (!isRecord(value)) return undefined;
  const taken: Fields = {};
  for (const word of shape.split(" ")) {
    const [name = "", ...signs] = word.split(/(?=\W)/);
    const field = value[name];
    const fits = KINDS[signs[0] ?? ""] ?? isText;
    if (!(fits(field) || (field === null && word.endsWith("?")))) return undefined;
    taken[name] = field;
  }
  return taken as T;
}

/** All items, or undefined when one does not fit. */
function each<T>(value: unknown, read: (item: unknown) => T | undefined): T[] | undefined {
  if (!Array.isArray(value) || value.length > MAX_ITEMS) return undefined;
  const items = value.map(read);
  return items.every((item) => item !== undefined) ? items : undefined;
}

const CHANGE = "id type amount# balanceBefore# balanceAfter# heldAfter# reason feature? createdAt";
const MOVED = "transactionId userId amount+ balanceBefore# balanceAfter# heldAfter# available# version+";

export function readCredits(value: unknown): Credits | undefined {
  const account = pick<Credits>(value, "userId balance# held# available# version+ status");
  const allowance = (value as Fields | undefined)?.["allowance"];
  if (account === undefined || allowance === null) return account && { ...account, allowance: null };
  const read = pick<Credits["allowance"]>(allowance, "tier monthlyCredits+ remaining+ nextResetAt?");
  return read ? { ...account, allowance: read } : undefined;
}

/** The parts of the balance, as GET /api/credits/explain has them. */
export function readGrants(value: unknown): Grant[] | undefined {
  return each(isRecord(value) && value["grants"], (item) =>
    pick<Grant>(item, "id kind remaining# priority# expiresAt?"),
  );
}

export function readMembership(value: unknown): Membership | undefined {
  return pick(
    value,
    "userId tier? status cycle? startedAt? currentPeriodStart? currentPeriodEnd? expiresAt? cancelAtPeriodEnd! pendingTier? monthlyCredits+? version+",
  );
}

export function readChange(value: unknown): Change | undefined {
  return pick(value, CHANGE);
}

function withDraws<T>(value: unknown, shape: string): T | undefined {
  const taken = pick<T>(value, shape);
  const draws = taken && each((value as Fields)["draws"], (draw) => pick<Draw>(draw, "grantId kind amount#"));
  return draws && { ...(taken as T), draws };
}

export function readMovement(value: unknown): Movement | undefined {
  return withDraws(value, MOVED);
}

/** A page of the ledger. */
export function readTransactions(
  value: unknown,
): { readonly data: Transaction[]; readonly nextCursor: string | null } | undefined {
  const page = pick<{ nextCursor: string | null }>(value, "nextCursor?");
  const data = each(page && (value as Fields)["data"], (row) => {
    const read = withDraws<Transaction>(row, `${CHANGE} version+ relatedId? heldChange# grantKind? actor`);
    const metadata = (row as Fields)["metadata"];
    return read && { ...read, metadata: isRecord(metadata) ? metadata : null };
  });
  return data && page && { ...page, data };
}

/** The body of a 402. */
export function readShortfall(value: unknown): Shortfall | undefined {
  const numbers = pick<Shortfall>(value, "required+ available# shortfall+");
  const options = each(numbers && (value as Fields)["options"], (option) => {
    const way = pick<WayOut>(option, "action href");
    const packages = each(way && (option as Fields)["packages"], (item) =>
      pick<WayOut["packages"][number]>(item, "code credits+"),
    );
    return way && { ...way, packages: packages ?? [] };
  });
  return numbers && { ...numbers, options: options ?? [] };
}
