import type { Clock } from "@stipend/platform/clock/clock";
import { type IncomingEvent, messageOf, PoisonEvent } from "@stipend/platform/kafka/events";
import type { EventHandler } from "@stipend/platform/kafka/pipeline";
import type { ChainHead } from "@stipend/proto/audit/chain";
import { AdminActionRecordedSchema } from "@stipend/proto/events/admin/v1/events";
import { AccessRefusedSchema } from "@stipend/proto/events/security/v1/events";
import type { Candidate } from "../domain/audit-row.ts";
import { type ChainWriter, flawOf, recordActions, UnacceptableAction } from "../usecases/record-actions.ts";
import { recordOfAction, recordOfClaim, recordOfRefusal } from "./records.ts";

export interface AuditHandlerOptions {
  readonly writer: ChainWriter;
  readonly clock: Clock;
  /** Told of each new head after it was committed. */
  readonly onHead: (head: ChainHead) => Promise<void>;
}

/** Admin actions of every service, and attempts that were refused, become rows of the chain. */
export function auditHandler({ writer, clock, onHead }: AuditHandlerOptions): EventHandler {
  return {
    types: [AdminActionRecordedSchema, AccessRefusedSchema],
    async handle(batch) {
      const deliveries = batch.flatMap((event) => {
        const candidate = candidateOf(event);
        return candidate === null ? [] : [{ eventId: event.id, candidate }];
      });
      try {
        const head = await recordActions(writer, deliveries, clock.now());
        if (head !== null) await onHead(head);
      } catch (error) {
        if (error instanceof UnacceptableAction) throw new PoisonEvent(error.eventId, error.message, { cause: error });
        throw error;
      }
    },
  };
}

function candidateOf(event: IncomingEvent): Candidate | null {
  const action = messageOf(event, AdminActionRecordedSchema);
  if (action !== undefined) {
    const claimed = recordOfAction(action, event);
    const flaw = flawOf(claimed, event.source);
    return flaw === null ? claimed : recordOfClaim(claimed, flaw, event);
  }
  const refusal = messageOf(event, AccessRefusedSchema);
  return refusal === undefined ? null : recordOfRefusal(refusal, event);
}
