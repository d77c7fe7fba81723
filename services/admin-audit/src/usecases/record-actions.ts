import { type ChainHead, link } from "@stipend/proto/audit/chain";
import type { AuditRecord, AuditRow } from "@stipend/proto/audit/row";
import { flawOfClaim } from "../domain/actions.ts";
import { admit, type Candidate } from "../domain/audit-row.ts";

/** The chain while this transaction holds its end. */
export interface ChainTransaction {
  /** Waits for the end of the chain; tells it and which of the actions are in the log already. */
  lock(actionIds: readonly string[]): Promise<{ readonly head: ChainHead; readonly known: ReadonlySet<string> }>;
  /** Of these events, the ones not consumed before. */
  unseen(eventIds: readonly string[], now: Date): Promise<ReadonlySet<string>>;
  append(rows: readonly AuditRow[], recordedAt: Date): Promise<void>;
}

export interface ChainWriter {
  transaction<T>(work: (chain: ChainTransaction) => Promise<T>): Promise<T>;
}

/** An event as it came. */
export interface Delivery {
  readonly eventId: string;
  readonly candidate: Candidate;
}

/** Why an event may not become the row it asks for: it claims what its publisher can't have done. Null: it may. */
export function flawOf(claim: Candidate, source: string): string | null {
  return flawOfClaim(claim, source);
}

/** An event that can never become a row, however often it is delivered. */
export class UnacceptableAction extends Error {
  readonly eventId: string;

  constructor(eventId: string, reason: string) {
    super(reason);
    this.name = "UnacceptableAction";
    this.eventId = eventId;
  }
}

interface Admitted {
  readonly eventId: string;
  readonly record: AuditRecord;
}

/**
 * Appends the actions of a batch, in order, each exactly once: an event that was consumed before (inbox) and an
 * action that is in the log already (its own id) are left out. Everything happens in the transaction that holds the
 * end of the chain, so two consumers never link to the same row.
 *
 * @returns the new end of the chain; null: everything was in the log already.
 * @throws UnacceptableAction for the first event that can never become a row; nothing was appended then.
 */
export async function recordActions(
  writer: ChainWriter,
  deliveries: readonly Delivery[],
  now: Date,
): Promise<ChainHead | null> {
  if (deliveries.length === 0) return null;
  const batch = deliveries.map(admitted);
  return await writer.transaction(async (chain) => {
    const { head, known } = await chain.lock(batch.map((delivery) => delivery.record.actionId));
    const unseen = await chain.unseen([...new Set(batch.map((delivery) => delivery.eventId))], now);
    const fresh = newRecords(batch, unseen, known);
    const rows = link(head, fresh, now);
    const last = rows.at(-1);
    if (last === undefined) return null;
    await chain.append(rows, now);
    return { seq: last.seq, hash: last.hash };
  });
}

function admitted({ eventId, candidate }: Delivery): Admitted {
  const admission = admit(candidate);
  if (!admission.ok) throw new UnacceptableAction(eventId, admission.reason);
  return { eventId, record: admission.record };
}

function newRecords(
  batch: readonly Admitted[],
  unseen: ReadonlySet<string>,
  known: ReadonlySet<string>,
): AuditRecord[] {
  const taken = new Set(known);
  const records: AuditRecord[] = [];
  for (const { eventId, record } of batch) {
    if (!unseen.has(eventId) || taken.has(record.actionId)) continue;
    taken.add(record.actionId);
    records.push(record);
  }
  return records;
}
