import type { UserId } from "../domain/ledger/terms.ts";

/** What keeps one account at which a sweep fails from stopping the others. */
export interface SweepFaults {
  /** Whether the surroundings failed (the database is away), which is no account's fault. */
  isTransient(error: unknown): boolean;
  /** Told of each account that this sweep leaves behind, and why. The next sweep tries it again. */
  skipped(userId: UserId, error: unknown): void;
}

/** The accounts at fault in one sweep: each is told once and not looked at again. */
export class LeftBehind {
  readonly #faults: SweepFaults | undefined;
  readonly #userIds = new Set<UserId>();

  /** @param faults left out: an account at fault ends the sweep. */
  constructor(faults: SweepFaults | undefined) {
    this.#faults = faults;
  }

  has(userId: UserId): boolean {
    return this.#userIds.has(userId);
  }

  add(userId: UserId, error: unknown): void {
    if (this.#userIds.has(userId)) return;
    this.#userIds.add(userId);
    this.#faults?.skipped(userId, error);
  }

  /** Whether the accounts of a failed transaction are to be tried one by one, to find the one at fault. */
  isOfAnAccount(error: unknown): boolean {
    return this.#faults?.isTransient(error) === false;
  }
}
