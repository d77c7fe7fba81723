import type { AccountView } from "../domain/ledger/account.ts";
import type { UserId } from "../domain/ledger/terms.ts";
import { type Accounts, type TouchPorts, touchAccounts } from "../usecases/get-account.ts";
import { Lanes } from "./lanes.ts";

export interface LanedAccountsOptions extends TouchPorts {
  readonly lanes: number;
  readonly maxBatch: number;
  readonly maxWaiting: number;
  isTransient(error: unknown): boolean;
  overloaded(): Error;
  currentTraceparent(): string | undefined;
  /** Seconds from a look's arrival to the beginning of its statement. */
  onWaited?(seconds: number, kind: "look" | "touch"): void;
}

/**
 * Looks of many callers in one statement. A look that has begun is joined by nobody: whoever asks later is served by
 * the next one, and so sees everything that was acknowledged before it asked.
 */
export class LanedAccounts implements Accounts {
  readonly #looks: Lanes<UserId, AccountView | undefined>;
  readonly #touches: Lanes<UserId, AccountView>;

  constructor(options: LanedAccountsOptions) {
    const { ledger, clock, onWaited } = options;
    const lanes = {
      lanes: options.lanes,
      maxBatch: options.maxBatch,
      maxWaiting: options.maxWaiting,
      accountOf: (userId: UserId) => userId,
      isTransient: options.isTransient,
      full: options.overloaded,
    };
    const told = (kind: "look" | "touch") => ({
      kindOf: () => kind,
      ...(onWaited === undefined ? {} : { onWaited: (seconds: number) => onWaited(seconds, kind) }),
    });
    this.#looks = new Lanes({
      ...lanes,
      ...told("look"),
      run: async (userIds) => {
        const seen = await ledger.read("accounts", (session) => session.accounts(clock.now(), [...new Set(userIds)]));
        const byId = new Map(seen.map((account) => [account.userId, account]));
        return userIds.map((userId) => byId.get(userId));
      },
    });
    this.#touches = new Lanes({
      ...lanes,
      ...told("touch"),
      run: async (userIds) => {
        const touched = await touchAccounts(options, [...new Set(userIds)], options.currentTraceparent());
        const byId = new Map(touched.map((account) => [account.userId, account]));
        return userIds.map((userId) => {
          const account = byId.get(userId);
          if (account === undefined) throw new Error("an account that was just touched does not exist");
          return account;
        });
      },
    });
  }

  look(userId: UserId): Promise<AccountView | undefined> {
    return this.#looks.submit(userId);
  }

  touch(userId: UserId): Promise<AccountView> {
    return this.#touches.submit(userId);
  }

  async drain(): Promise<void> {
    await Promise.all([this.#looks.drain(), this.#touches.drain()]);
  }
}
