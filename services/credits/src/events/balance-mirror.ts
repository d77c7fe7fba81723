import { messageOf } from "@stipend/platform/kafka/events";
import type { Log } from "@stipend/platform/log/log";
import { AccountStatus, CreditsChangedSchema } from "@stipend/proto/events/credits/v1/events";
import type { EventHandler } from "./handlers.ts";

export interface Balance {
  readonly userId: string;
  readonly version: number;
  readonly balance: number;
  readonly held: number;
  readonly status: string;
}

/**
 * Carries balances from our own events into the mirror. Needs no inbox: a version that is known already changes
 * nothing. When the mirror is away its entries are let go: they lapse by themselves, and nothing waits for them.
 */
export function balanceMirror(put: (balances: readonly Balance[]) => Promise<void>, log: Log): EventHandler {
  return {
    types: [CreditsChangedSchema],
    async handle(batch) {
      const newest = new Map<string, Balance>();
      for (const event of batch) {
        const changed = messageOf(event, CreditsChangedSchema);
        if (changed === undefined) continue;
        newest.set(changed.userId, {
          userId: changed.userId,
          version: Number(changed.version),
          balance: Number(changed.balance),
          held: Number(changed.held),
          status: changed.status === AccountStatus.FROZEN ? "frozen" : "active",
        });
      }
      await put([...newest.values()]).catch((error: unknown) => {
        log.debug({ err: error }, "balances were not mirrored");
      });
    },
  };
}
