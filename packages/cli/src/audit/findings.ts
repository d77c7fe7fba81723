import type { ChainHead } from "@stipend/proto/audit/chain";
import type { ChainBreak } from "@stipend/proto/audit/verify";

/** What a check of the log found. */
export interface Findings {
  readonly valid: boolean;
  readonly checked: number;
  readonly firstBad: ChainBreak | null;
  /** The last row that was found in order. */
  readonly head: ChainHead;
}
