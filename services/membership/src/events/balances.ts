import { USER_ID_PATTERN } from "@stipend/platform/auth/actor";
import type { Clock } from "@stipend/platform/clock/clock";
import { type IncomingEvent, messageOf, PoisonEvent } from "@stipend/platform/kafka/events";
import type { EventHandler } from "@stipend/platform/kafka/pipeline";
import { AccountStatus, CreditsChangedSchema } from "@stipend/proto/events/credits/v1/events";
import { applyBalances, type BalanceEvent } from "../usecases/apply-balances.ts";
import type { Deps } from "../usecases/ports.ts";

/** Takes over the balances that the events of credits tell, for the status view. */
export function balancesHandler(deps: Deps, clock: Clock): EventHandler {
  return {
    types: [CreditsChangedSchema],
    handle: (batch) => applyBalances(deps, batch.flatMap(balanceOf), clock.now()),
  };
}

function balanceOf(event: IncomingEvent): BalanceEvent[] {
  const told = messageOf(event, CreditsChangedSchema);
  if (told === undefined) return [];
  const { userId } = told;
  if (!USER_ID_PATTERN.test(userId)) throw new PoisonEvent(event.id, "user_id is not a user id");
  return [
    {
      eventId: event.id,
      balance: {
        userId,
        version: whole(event, "version", told.version),
        balance: whole(event, "balance", told.balance),
        held: whole(event, "held", told.held),
        status: told.status === AccountStatus.FROZEN ? "frozen" : "active",
      },
    },
  ];
}

function whole(event: IncomingEvent, field: string, value: bigint): number {
  if (value < 0n || value > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new PoisonEvent(event.id, `${field} is ${value}, which no account can have`);
  }
  return Number(value);
}
