import type { Log } from "@stipend/platform/log/log";
import type { FourEyesPorts } from "../usecases/four-eyes.ts";
import type { Accounts } from "../usecases/get-account.ts";
import type { Operations } from "../usecases/operations.ts";
import type { Clock, Ledger, LedgerReads, ReadCache } from "../usecases/ports.ts";

/** What the routes work with. */
export interface RouteDeps {
  readonly ledger: Ledger;
  readonly reads: LedgerReads;
  readonly cache: ReadCache;
  readonly operations: Operations;
  readonly accounts: Accounts;
  readonly fourEyes: FourEyesPorts;
  readonly clock: Clock;
  /** The business time zone. */
  readonly timeZone: string;
  readonly log: Log;
}
