import type {
  AllowanceState,
  AllowanceStep,
  AllowanceStepOutcome,
  DueAccount,
} from "../../src/domain/ledger/allowance.ts";
import type { Ledger, LedgerSession } from "../../src/usecases/ports.ts";
import { day } from "./plain-account.ts";

export const NOW = day("2026-02-10");
/** A sweep that goes on for ever would not even let the test run into its time limit. */
const MOST_CLAIMS = 100;
const SERVED_UNTIL = day("2026-03-01");

interface Claim {
  readonly after: DueAccount | null;
  readonly limit: number;
  readonly userIds: readonly string[];
}

/**
 * Accounts that are due, without any database: in which order a sweep takes them, and what it does when one of them fails. What the ledger
 * itself does with them, the tests with engines ask.
 */
export class DueAccounts {
  /** By user. */
  readonly due = new Map<string, Date>();
  readonly claims: Claim[] = [];
  /** The users of each transaction that settled any. */
  readonly settled: string[][] = [];
  /** Named one by one, after a page had failed. */
  readonly loaded: string[] = [];
  /** Before the nth claim (from 1) is made. */
  beforeClaim: (nth: number) => void = () => undefined;
  /** Before the nth claim is answered. */
  beforeAnswer: (nth: number) => Promise<void> = () => Promise.resolve();
  /** What becomes of a user's step; may throw. */
  outcomeOf: (userId: string) => AllowanceStepOutcome["outcome"] = () => "reset";
  /** What is found of a user who is named, when it is another moment than the one at which the user was claimed. */
  dueWhenLoaded: (userId: string) => Date | null = (userId) => this.due.get(userId) ?? null;
  readonly #locked = new Set<string>();

  add(dueOn: string, ...userIds: string[]): this {
    for (const userId of userIds) this.due.set(userId, day(dueOn));
    return this;
  }

  readonly ledger: Ledger = {
    read: () => Promise.reject(new Error("not used")),
    write: async (_name, work) => {
      const mine: string[] = [];
      const settled: string[] = [];
      try {
        const result = await work(this.#session(mine, settled));
        for (const userId of settled) this.due.delete(userId);
        if (settled.length > 0) this.settled.push(settled);
        return result;
      } finally {
        for (const userId of mine) this.#locked.delete(userId);
      }
    },
  };

  #session(mine: string[], settled: string[]): LedgerSession {
    return {
      claimDue: async (now: Date, limit: number, after: DueAccount | null) => {
        const nth = this.claims.length + 1;
        if (nth > MOST_CLAIMS) throw new Error("a sweep without end");
        this.beforeClaim(nth);
        const found = [...this.due]
          .map(([userId, dueAt]) => ({ userId, dueAt }))
          .filter(
            (one) => one.dueAt <= now && !this.#locked.has(one.userId) && (after === null || compare(one, after) > 0),
          )
          .toSorted(compare)
          .slice(0, limit)
          .map(({ userId }) => userId)
          // As the procedure answers.
          .toSorted();
        for (const userId of found) this.#locked.add(userId);
        mine.push(...found);
        this.claims.push({ after, limit, userIds: found });
        await this.beforeAnswer(nth);
        return found.map((userId) => stateOf(userId, this.due.get(userId) ?? null));
      },
      loadDue: async (_now: Date, userIds: readonly string[]) => {
        this.loaded.push(...userIds);
        return await Promise.resolve(userIds.map((userId) => stateOf(userId, this.dueWhenLoaded(userId))));
      },
      settle: async (_now: Date, steps: readonly AllowanceStep[]) => {
        const outcomes = steps.map(({ userId }) => ({ outcome: this.outcomeOf(userId) }));
        steps.forEach(({ userId }, index) => {
          if (outcomes[index]?.outcome === "reset") settled.push(userId);
        });
        return await Promise.resolve(outcomes);
      },
    } as unknown as LedgerSession;
  }
}

function compare(one: DueAccount, other: DueAccount): number {
  const ms = one.dueAt.getTime() - other.dueAt.getTime();
  if (ms !== 0) return ms;
  return one.userId < other.userId ? -1 : Number(one.userId > other.userId);
}

function stateOf(userId: string, dueAt: Date | null): AllowanceState {
  return {
    userId,
    membershipVersion: null,
    state: null,
    servedStart: null,
    servedEnd: SERVED_UNTIL,
    servedGiven: 0,
    allowanceRemaining: 0,
    dueAt,
    status: "active",
  };
}
