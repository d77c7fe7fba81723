/**
 * What comes from the network, from storage or from another window is looked at field by field; what does not fit is
 * as if it had not come. Only known fields are taken over.
 */
import type {
  Allowance,
  Change,
  Credits,
  Draw,
  Grant,
  Grants,
  Membership,
  Movement,
  Shortfall,
  Transaction,
  WayOut,
} from "./types.ts";

type Check = (value: unknown) => boolean;

const MAX_TEXT = 1_024;
const MAX_ITEMS = 1_000;

const text: Check = (value) => typeof value === "string" && value.length <= MAX_TEXT;
const whole: Check = (value) => Number.isSafeInteger(value);
const count: Check = (value) => whole(value) && (value as number) >= 0;
const flag: Check = (value) => typeof value === "boolean";
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The fields of `shape`, when each fits. */
function pick<T>(value: unknown, shape: { readonly [K in keyof T]: Check }): T | undefined {
  if (!isRecord(value)) return undefined;
  const taken: Record<string, unknown> = {};
  for (const [name, check] of Object.entries<Check>(shape)) {
    if (!check(value[name])) return undefined;
    taken[name] = value[name];
  }
  return taken as T;
}

function pickAll<T>(value: unknown, shape: { readonly [K in keyof T]: Check }): T[] | undefined {
  if (!Array.isArray(value) || value.length > MAX_ITEMS) return undefined;
  const items = value.map((item) => pick<T>(item, shape));
  return items.every((item) => item !== undefined) ? items : undefined;
}

const maybeText = orNull(text);

const ALLOWANCE = { tier: text, monthlyCredits: count, remaining: count, nextResetAt: maybeText };
const ACCOUNT = {
  userId: text,
  balance: whole,
  held: whole,
  available: whole,
  version: count,
  status: (value: unknown) => value === "active" || value === "frozen",
};
const GRANT = { id: text, kind: text, remaining: whole, priority: whole, expiresAt: maybeText };
const CHANGE = {
  id: text,
  type: text,
  amount: whole,
  balanceBefore: whole,
  balanceAfter: whole,
  heldAfter: whole,
  reason: text,
  feature: maybeText,
  createdAt: text,
};
const DRAW = { grantId: text, kind: text, amount: whole };

export function readCredits(value: unknown): Credits | undefined {
  const account = pick<Omit<Credits, "allowance">>(value, ACCOUNT);
  if (account === undefined || !isRecord(value)) return undefined;
  if (value["allowance"] === null) return { ...account, allowance: null };
  const allowance = pick<Allowance>(value["allowance"], ALLOWANCE);
  return allowance === undefined ? undefined : { ...account, allowance };
}

/** `{version, grants}`, as the API answers, or `{version, data}`, as other windows do. */
export function readGrants(value: unknown): Grants | undefined {
  if (!isRecord(value) || !count(value["version"])) return undefined;
  const data = pickAll<Grant>(value["grants"] ?? value["data"], GRANT);
  return data === undefined ? undefined : { version: value["version"] as number, data };
}

export function readMembership(value: unknown): Membership | undefined {
  return pick<Membership>(value, {
    userId: text,
    tier: maybeText,
    status: text,
    cycle: maybeText,
    startedAt: maybeText,
    currentPeriodStart: maybeText,
    currentPeriodEnd: maybeText,
    expiresAt: maybeText,
    cancelAtPeriodEnd: flag,
    pendingTier: maybeText,
    monthlyCredits: orNull(count),
    version: count,
  });
}

export function readChange(value: unknown): Change | undefined {
  return pick<Change>(value, CHANGE);
}

/** A page of the ledger. */
export function readTransactions(
  value: unknown,
): { readonly data: Transaction[]; readonly nextCursor: string | null } | undefined {
  if (!isRecord(value) || !maybeText(value["nextCursor"])) return undefined;
  const data = pickAll<Transaction>(value["data"], {
    ...CHANGE,
    version: count,
    relatedId: maybeText,
    draws: (draws) => pickAll<Draw>(draws, DRAW) !== undefined,
    heldChange: whole,
    grantKind: maybeText,
    actor: text,
    metadata: orNull(isRecord),
  });
  return data === undefined ? undefined : { data, nextCursor: value["nextCursor"] as string | null };
}

export function readMovement(value: unknown): Movement | undefined {
  const movement = pick<Omit<Movement, "draws">>(value, {
    transactionId: text,
    userId: text,
    amount: count,
    balanceBefore: whole,
    balanceAfter: whole,
    heldAfter: whole,
    available: whole,
    version: count,
  });
  const draws = isRecord(value) ? pickAll<Draw>(value["draws"], DRAW) : undefined;
  return movement === undefined || draws === undefined ? undefined : { ...movement, draws };
}

/** The body of a 402. Ways out that are not known here are left out. */
export function readShortfall(value: unknown): Shortfall | undefined {
  const numbers = pick<Omit<Shortfall, "options">>(value, { required: count, available: whole, shortfall: count });
  if (numbers === undefined || !isRecord(value)) return undefined;
  const options = Array.isArray(value["options"]) ? value["options"].slice(0, 10) : [];
  return { ...numbers, options: options.map(readWayOut).filter((way) => way !== undefined) };
}

function readWayOut(value: unknown): WayOut | undefined {
  if (!isRecord(value)) return undefined;
  const { action } = value;
  const href = text(value["href"]) ? (value["href"] as string) : "";
  if (action === "upgrade") {
    return { action, href, currentTier: text(value["currentTier"]) ? (value["currentTier"] as string) : null };
  }
  const packages = pickAll<{ code: string; credits: number }>(value["packages"], { code: text, credits: count });
  return action === "top_up" && packages !== undefined ? { action, href, packages } : undefined;
}
