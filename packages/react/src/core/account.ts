/** How states meet: pure functions, nothing here reads a clock or a network. */
import type { Change, Credits, Membership, Movement } from "./types.ts";

/** Credits, and whether each field is the server's word for this version. */
export interface Known extends Credits {
  /** The allowance was reckoned from a movement's draws: a whole state of the same version replaces it. */
  readonly reckoned?: true;
}

/** Where a whole state comes from: only the server itself can better one of the same version. */
export type Source = "server" | "copy";

/** A newer version wins; of the same one the server's word replaces what is there, and a copy what was reckoned. */
export function meet<T extends Known | Membership>(known: T | null, next: T, source: Source): T {
  if (known === null || next.version > known.version) return next;
  const betters = source === "server" || "reckoned" in known;
  const differs = JSON.stringify(known) !== JSON.stringify(next);
  return next.version === known.version && betters && differs ? next : known;
}

/** The account after a movement of its own: exact but for the allowance, which is reckoned from the draws. */
export function afterMovement(known: Known | null, movement: Movement): Known | null {
  if (known === null || movement.version <= known.version) return known;
  const { balanceAfter: balance, heldAfter: held, available, version, draws } = movement;
  const drawn = draws.reduce((sum, draw) => (draw.kind === "allowance" ? sum + draw.amount : sum), 0);
  const allowance = known.allowance && {
    ...known.allowance,
    remaining: Math.max(0, known.allowance.remaining - drawn),
  };
  return { ...known, balance, held, available, version, allowance, reckoned: true };
}

/** A spend that is shown before the server's answer. */
export interface Pending {
  readonly id: string;
  /** 0 when the account shows it already: the stream was faster than the answer. */
  readonly amount: number;
  readonly reason: string | null;
  readonly feature: string | null;
  /** A metered call reserves first. */
  readonly metered: boolean;
}

/**
 * A change that looks like a spend under way ends the guess about it, so that nothing is taken off twice. Should it be somebody
 * else's of the same amount and reason, the guess ends some milliseconds early.
 */
export function markShown(pending: readonly Pending[], change: Change, heldBefore: number): readonly Pending[] {
  const taken = change.type === "hold" ? change.heldAfter - heldBefore : -change.amount;
  const index = pending.findIndex(
    ({ amount, metered, reason, feature }) =>
      amount > 0 &&
      amount === taken &&
      (metered
        ? /^(hold|consume)$/.test(change.type)
        : change.type === "consume" && change.reason === reason && change.feature === feature),
  );
  return pending.map((spend, at) => (at === index ? { ...spend, amount: 0 } : spend));
}
