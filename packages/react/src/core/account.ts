/** How states meet: pure functions, nothing here reads a clock or a network. */
import type { Change, Credits, Draw, Grants, Membership, Movement } from "./types.ts";

/** Credits, and whether each field is the server's word for this version. */
export interface Known {
  readonly credits: Credits;
  /** The allowance was reckoned from a movement's draws: a whole state of the same version replaces it. */
  readonly reckoned: boolean;
}

/** Where a whole state comes from: only the server itself can better one of the same version. */
export type Source = "server" | "copy";

/** A newer version wins; of the same one the server's word replaces what was reckoned or is older. */
export function meetCredits(known: Known | null, credits: Credits, source: Source): Known | null {
  if (known !== null) {
    const ahead = credits.version - known.credits.version;
    if (ahead < 0 || (ahead === 0 && source === "copy" && !known.reckoned)) return known;
    if (ahead === 0 && !known.reckoned && same(known.credits, credits)) return known;
  }
  return { credits, reckoned: false };
}

export function meetVersion<T extends { readonly version: number }>(
  known: T | null,
  next: T,
  source: Source,
): T | null {
  if (known === null || next.version > known.version) return next;
  return next.version === known.version && source === "server" && !same(known, next) ? next : known;
}

function same(a: object, b: object): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** The account after a movement of its own: exact but for the allowance, which is reckoned from the draws. */
export function afterMovement(known: Known | null, movement: Movement): Known | null {
  if (known === null || movement.version <= known.credits.version) return known;
  const { credits } = known;
  const allowance = credits.allowance && {
    ...credits.allowance,
    remaining: Math.max(0, credits.allowance.remaining - drawn(movement.draws, "allowance")),
  };
  const { balanceAfter: balance, heldAfter: held, available, version } = movement;
  return { credits: { ...credits, balance, held, available, version, allowance }, reckoned: true };
}

function drawn(draws: readonly Draw[], kind: string): number {
  return draws.reduce((sum, draw) => (draw.kind === kind ? sum + draw.amount : sum), 0);
}

/** The grants after a consumption that followed right on them; otherwise as they were, of their older version. */
export function grantsAfter(grants: Grants | null, movement: Movement): Grants | null {
  if (grants === null || movement.version !== grants.version + 1) return grants;
  const taken = new Map(movement.draws.map((draw) => [draw.grantId, draw.amount]));
  const data = grants.data
    .map((grant) => ({ ...grant, remaining: grant.remaining - (taken.get(grant.id) ?? 0) }))
    .filter((grant) => grant.remaining > 0);
  return { version: movement.version, data };
}

/** A spend that is shown before the server's answer. */
export interface Pending {
  readonly id: string;
  readonly amount: number;
  /** A metered call reserves first. */
  readonly metered: boolean;
  readonly reason: string | null;
  readonly feature: string | null;
  /** The account shows it already: the stream was faster than the answer. */
  readonly shown: boolean;
}

/**
 * A change that looks like a spend under way ends the guess about it, so that nothing is taken off twice. Should it be somebody
 * else's of the same amount and reason, the guess ends some milliseconds early.
 */
export function markShown(pending: readonly Pending[], change: Change, heldBefore: number): readonly Pending[] {
  const index = pending.findIndex((spend) => !spend.shown && isOf(spend, change, heldBefore));
  return pending.map((spend, at) => (at === index ? { ...spend, shown: true } : spend));
}

function isOf(spend: Pending, change: Change, heldBefore: number): boolean {
  if (spend.metered) {
    return change.type === "hold"
      ? change.heldAfter - heldBefore === spend.amount
      : change.type === "consume" && -change.amount === spend.amount;
  }
  return (
    change.type === "consume" &&
    -change.amount === spend.amount &&
    change.reason === spend.reason &&
    change.feature === spend.feature
  );
}

export function sumOf(pending: readonly Pending[]): number {
  return pending.reduce((sum, spend) => (spend.shown ? sum : sum + spend.amount), 0);
}

/** Of another user, it is nobody's business here. */
export function belongsTo(userId: string, state: Credits | Membership): boolean {
  return state.userId === userId;
}
