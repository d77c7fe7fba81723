import type { Clock } from "@stipend/platform/clock/clock";
import { type IncomingEvent, messageOf, PoisonEvent } from "@stipend/platform/kafka/events";
import type { EventHandler } from "@stipend/platform/kafka/pipeline";
import { parseTraceparent } from "@stipend/platform/telemetry/trace";
import { AdminActionRecordedSchema } from "@stipend/proto/events/admin/v1/events";
import { AccessRefusedSchema } from "@stipend/proto/events/security/v1/events";
import type { Candidate } from "../domain/audit-row.ts";
import type { ChainHead } from "../domain/chain.ts";
import { type ChainWriter, recordActions, UnacceptableAction } from "../usecases/record-actions.ts";
import { recordOfAction, recordOfRefusal } from "./records.ts";

export interface AuditHandlerOptions {
  readonly writer: ChainWriter;
  readonly clock: Clock;
  /** Told of each new head after it was committed. */
  readonly onHead: (head: ChainHead) => Promise<void>;
}

/** Admin actions of every service, and the admin attempts that the gateway refused, become rows of the chain. */
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
  if (action !== undefined) return recordOfAction(action, event.time);
  const refusal = messageOf(event, AccessRefusedSchema);
  if (refusal === undefined) return null;
  return recordOfRefusal(refusal, event.time, parseTraceparent(event.traceparent ?? "")?.traceId ?? "");
}
